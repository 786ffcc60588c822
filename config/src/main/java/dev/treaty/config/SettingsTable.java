package dev.treaty.config;

import dev.treaty.config.SettingsKeys.Anything;
import dev.treaty.config.SettingsKeys.Choice;
import dev.treaty.config.SettingsKeys.Elements;
import dev.treaty.config.SettingsKeys.Group;
import dev.treaty.config.SettingsKeys.Kind;
import dev.treaty.config.SettingsKeys.Names;
import dev.treaty.config.SettingsKeys.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The table of all keys in Markdown, as {@code docs/configuration.md} has it: a section for each key of the root, and
 * one for each group of keys that occurs several times.
 */
final class SettingsTable {
    private static final String HEAD = "\n| Key | Default | Meaning | Accepted |\n|---|---|---|---|\n";

    private final StringBuilder text = new StringBuilder();
    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final Map<Group, Integer> counts = new LinkedHashMap<>();

    private SettingsTable() {
        SettingsKeys.walk("", SettingsKeys.ROOT, (path, key) -> {
            if (key.kind() instanceof Group group) {
                groups.put(path, group);
            } else if (key.kind() instanceof Names(var placeholder, var _, Group group, var _)) {
                groups.put(path + "." + placeholder, group);
            }
        });
        count(SettingsKeys.ROOT);
    }

    /** Returns the table, with a line feed at its end. */
    static String markdown() {
        return new SettingsTable().written();
    }

    /** Counts how often the table would contain each group, without what groups inherit. */
    private void count(Kind kind) {
        switch (kind) {
            case Group group -> {
                counts.merge(group, 1, Integer::sum);
                own(group).forEach(key -> count(key.kind()));
            }
            case Elements list -> count(list.element());
            case Names names -> count(names.content());
            case Choice choice -> choice.groups().forEach(this::count);
            case Value _, Anything _ -> {}
        }
    }

    /** Returns the keys of a group that the group from which it inherits does not have. */
    private List<SettingsKeys.Key> own(Group group) {
        Group inherited = groups.get(group.inherits());
        Set<String> names = inherited == null
                ? Set.of()
                : inherited.keys().stream().map(SettingsKeys.Key::name).collect(Collectors.toSet());
        return group.keys().stream().filter(key -> !names.contains(key.name())).toList();
    }

    private boolean repeated(Group group) {
        return counts.getOrDefault(group, 0) > 1;
    }

    private String written() {
        text.append(HEAD.substring(1));
        for (SettingsKeys.Key key : SettingsKeys.ROOT.keys()) {
            if (key.kind() instanceof Value || key.kind() instanceof Anything) {
                key(key.name(), key);
            }
        }
        for (SettingsKeys.Key key : SettingsKeys.ROOT.keys()) {
            if (!(key.kind() instanceof Value || key.kind() instanceof Anything)) {
                text.append("\n### `")
                        .append(key.name())
                        .append("`\n\n")
                        .append(key.description())
                        .append('\n')
                        .append(HEAD);
                content(key.name(), key.kind());
            }
        }
        counts.keySet().stream().filter(this::repeated).forEach(group -> {
            text.append("\n### ").append(title(group)).append('\n').append(HEAD);
            content("", group);
        });
        return text.toString();
    }

    private void content(String prefix, Kind kind) {
        switch (kind) {
            case Group group -> {
                if (!group.inherits().isEmpty()) {
                    List<SettingsKeys.Key> own = own(group);
                    String same = group.keys().stream()
                            .filter(key -> !own.contains(key))
                            .map(key -> "`" + key.name() + "`")
                            .collect(Collectors.joining(", "));
                    row(prefix + ".…", "those of `" + group.inherits() + "`", "The same as there.", same);
                }
                own(group).forEach(key -> key(prefix.isEmpty() ? key.name() : prefix + "." + key.name(), key));
            }
            case Elements list -> content(prefix + "[0]", list.element());
            case Names names -> content(prefix + "." + names.placeholder(), names.content());
            case Choice choice -> choice.groups().forEach(group -> content(prefix, group));
            case Value _, Anything _ -> {}
        }
    }

    private void key(String path, SettingsKeys.Key key) {
        switch (key.kind()) {
            case Group group
            when repeated(group) ->
                row(path, standard(key), key.description(), (key.optional() ? "`none`, or " : "") + link(group));
            case Group group -> {
                if (key.optional()) {
                    row(path, standard(key), key.description(), "`none`, or the following keys");
                }
                content(path, group);
            }
            case Elements(Group group, var _)
            when repeated(group) ->
                row(
                        path,
                        standard(key),
                        key.description(),
                        key.accepted().replaceFirst("a list", "a list of " + link(group)));
            case Names(var _, var _, Group group, var _) -> content(path, key.kind());
            default -> {
                row(path, standard(key), key.description(), key.accepted());
                content(path, key.kind());
            }
        }
    }

    private static String standard(SettingsKeys.Key key) {
        if (key.required()) {
            return "required";
        }
        String value = key.standard().orElse("");
        return !value.isBlank() ? "`" + value + "`" : key.kind() instanceof Group ? "" : "(empty)";
    }

    private static String title(Group group) {
        String words = KeyNames.kebab(group.type().getSimpleName())
                .replaceAll("-(policy|settings)$", "")
                .replace('-', ' ');
        return "Keys of each " + words;
    }

    private static String link(Group group) {
        String title = title(group);
        return "[these keys](#" + title.toLowerCase(Locale.ROOT).replace(' ', '-') + ")";
    }

    private void row(String path, String standard, String meaning, String accepted) {
        String cells = "| `" + path + "` | " + standard + " | " + meaning + " | " + accepted + " |";
        text.append(cells.replace("|  |", "| |")).append('\n');
    }
}
