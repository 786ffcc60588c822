package dev.treaty.config;

import dev.treaty.config.CentralSettings.Change;
import dev.treaty.config.CentralSettings.Undo;
import dev.treaty.core.text.PrintableText;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The text of central settings: a JSON object with one setting or change on a line. */
final class CentralSettingsFormat {
    /** Raised when older versions of Treaty must not read the text. */
    private static final long FORMAT = 1;

    /** What each line has beside the fields of its record: a comma, a line feed and braces. */
    private static final int LINE_LENGTH = 4;

    private CentralSettingsFormat() {}

    static String write(
            long revision, long historyFrom, Collection<CentralSetting> settings, Collection<Undo> changes) {
        return """
            {"format":%d,"revision":%d,"historyFrom":%d,
            "settings":[%s],
            "history":[%s]}
            """.formatted(
                        FORMAT,
                        revision,
                        historyFrom,
                        settings.stream().map(CentralSettingsFormat::line).collect(Collectors.joining(",")),
                        changes.stream().map(CentralSettingsFormat::line).collect(Collectors.joining(",")));
    }

    /** Returns the number of characters that a change adds to the text. */
    static int lengthOf(Undo change) {
        return line(change).length() + LINE_LENGTH;
    }

    private static String line(CentralSetting setting) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("key", setting.key());
        fields.put("value", setting.value());
        fields.put("author", setting.author());
        fields.put("reason", setting.reason());
        fields.put("setAt", setting.setAt());
        setting.expiresAt().ifPresent(at -> fields.put("expiresAt", at));
        fields.put("revision", setting.revision());
        return line(fields);
    }

    private static String line(Undo undo) {
        Change change = undo.change();
        var fields = new LinkedHashMap<String, Object>();
        fields.put("revision", change.revision());
        fields.put("key", change.key());
        change.before().ifPresent(value -> fields.put("before", value));
        undo.beforeExpiresAt().ifPresent(at -> fields.put("beforeExpiresAt", at));
        change.after().ifPresent(value -> fields.put("after", value));
        change.expiresAt().ifPresent(at -> fields.put("expiresAt", at));
        fields.put("author", change.author());
        fields.put("reason", change.reason());
        fields.put("at", change.at());
        return line(fields);
    }

    private static String line(Map<String, Object> fields) {
        return fields.entrySet().stream()
                .map(each -> JsonText.quote(each.getKey()) + ":"
                        + (each.getValue() instanceof Long number
                                ? number.toString()
                                : JsonText.quote(each.getValue().toString())))
                .collect(Collectors.joining(",", "\n{", "}"));
    }

    /** @throws IllegalArgumentException if it is not such a text, or has fields of a newer version */
    static CentralSettings read(String text) {
        Fields all = new Fields(JsonText.read(text));
        long format = all.number("format");
        if (format != FORMAT) {
            throw new IllegalArgumentException("the central settings have the format " + format
                    + ", and this version of Treaty reads " + FORMAT + ": use the version that wrote them");
        }
        long revision = all.number("revision");
        long historyFrom = all.number("historyFrom");
        var settings = new ArrayList<CentralSetting>();
        for (Fields each : all.list("settings")) {
            settings.add(new CentralSetting(
                    each.text("key"),
                    each.text("value"),
                    each.text("author"),
                    each.text("reason"),
                    each.instant("setAt"),
                    each.optionalInstant("expiresAt"),
                    each.number("revision")));
            each.end();
        }
        var changes = new ArrayList<Undo>();
        for (Fields each : all.list("history")) {
            var change = new Change(
                    each.number("revision"),
                    each.text("key"),
                    each.optional("before"),
                    each.optional("after"),
                    each.text("author"),
                    each.text("reason"),
                    each.instant("at"),
                    each.optionalInstant("expiresAt"));
            changes.add(new Undo(change, each.optionalInstant("beforeExpiresAt")));
            each.end();
        }
        all.end();
        if (changes.size() > CentralSettings.HISTORY_MAX || historyFrom < 0 || historyFrom > revision) {
            throw new IllegalArgumentException("the central settings have an impossible history");
        }
        return new CentralSettings(revision, historyFrom, settings, changes);
    }

    /** The fields of an object that were not read yet. */
    private static final class Fields {
        private final Map<String, Object> left = new LinkedHashMap<>();

        Fields(Object json) {
            if (!(json instanceof Map<?, ?> map)) {
                throw new IllegalArgumentException("the central settings have something that is not an object");
            }
            map.forEach((name, value) -> left.put(name.toString(), value));
        }

        private <T> Optional<T> take(String name, Class<T> type) {
            Object value = left.remove(name);
            if (value != null && !type.isInstance(value)) {
                throw new IllegalArgumentException("the central settings have another kind of " + name);
            }
            return Optional.ofNullable(value).map(type::cast);
        }

        private static <T> T required(String name, Optional<T> value) {
            return value.orElseThrow(
                    () -> new IllegalArgumentException("the central settings have an entry without " + name));
        }

        long number(String name) {
            return required(name, take(name, Long.class));
        }

        Optional<String> optional(String name) {
            return take(name, String.class);
        }

        String text(String name) {
            return required(name, optional(name));
        }

        Optional<Instant> optionalInstant(String name) {
            return optional(name).map(text -> {
                try {
                    return Instant.parse(text);
                } catch (DateTimeException e) {
                    throw new IllegalArgumentException("the central settings have an entry whose " + name + ", "
                            + PrintableText.quote(text) + ", is not a time");
                }
            });
        }

        Instant instant(String name) {
            return required(name, optionalInstant(name));
        }

        List<Fields> list(String name) {
            List<?> elements = required(name, take(name, List.class));
            return elements.stream().map(Fields::new).toList();
        }

        /** Refuses what was not read: it would be lost with the next change. */
        void end() {
            left.keySet().stream().findFirst().ifPresent(name -> {
                throw new IllegalArgumentException("the central settings have the unknown field "
                        + PrintableText.quote(name) + ": a newer version of Treaty has written them, so use that one");
            });
        }
    }
}
