package dev.treaty.config;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.AddressRange;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Policies;
import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a configuration as a tree, derived from the records that {@link Settings} are made of. The table of the
 * documentation and the schema for editors are written from this tree.
 */
final class SettingsKeys {
    /** The key of the application's own settings, which have any form. */
    static final String APP = "app";

    /** All keys. */
    static final Group ROOT = root();

    private SettingsKeys() {}

    /** What a key holds. */
    sealed interface Kind {}

    /** The form of a plain value. */
    enum Form {
        BOOLEAN,
        WHOLE,
        NUMBER,
        SIZE,
        DURATION,
        WORD,
        TEXT
    }

    /**
     * One value.
     *
     * @param type its Java type
     * @param words the constants of an enum, as they are written
     * @param min the smallest value as it is written; empty for that of its type
     * @param max the largest value as it is written; empty for that of its type
     * @param pattern a regular expression for the whole text; empty for any
     * @param accepted what else is accepted, in words
     */
    record Value(Class<?> type, Form form, List<String> words, String min, String max, String pattern, String accepted)
            implements Kind {
        private String range() {
            return switch (form) {
                case BOOLEAN -> "`true`, `false`";
                case WORD -> quoted(words);
                case WHOLE -> max.isEmpty() ? min + " or more" : min + " to " + max;
                case NUMBER -> min + " to " + max + (max.equals("1") ? ", or a percentage such as `20%`" : "");
                case SIZE -> "`" + min + "` to `" + max + "`";
                case DURATION ->
                    min.equals("0s")
                            ? "up to `" + max + "`"
                            : min.equals("1ns")
                                    ? "more than `0s`, up to `" + max + "`"
                                    : "`" + min + "` to `" + max + "`";
                case TEXT ->
                    type == ServiceName.class
                            ? "the name of a service"
                            : type == Version.class ? "a version such as `1.4.0`" : "";
            };
        }
    }

    /**
     * Keys that belong together.
     *
     * @param type the record that they are read into
     * @param inherits the group whose values apply where this one has none; empty for none
     */
    record Group(Class<?> type, String inherits, List<Key> keys) implements Kind {}

    /** A list. */
    record Elements(Kind element, String accepted) implements Kind {}

    /**
     * Values by names that the operator chooses.
     *
     * @param placeholder what stands for a name in the path of a key, such as {@code NAME}
     * @param pattern a regular expression for a whole name; empty for any
     */
    record Names(String placeholder, String pattern, Kind content, String accepted) implements Kind {}

    /** One of several groups. */
    record Choice(List<Group> groups) implements Kind {}

    /** Any content. */
    record Anything() implements Kind {}

    /**
     * One key.
     *
     * @param name the last part of the key
     * @param standard the default as it is written; empty if the key is required, or if it is a group with defaults
     * @param required whether the key must be set
     * @param optional whether the word {@code none} is accepted, which removes an inherited value
     */
    record Key(
            String name, Kind kind, String description, Optional<String> standard, boolean required, boolean optional) {
        Key with(Kind other) {
            return new Key(name, other, description, standard, required, optional);
        }

        Key withRequired() {
            return new Key(name, kind, description, Optional.empty(), true, optional);
        }

        /** Returns what is accepted, in words; empty for groups. */
        String accepted() {
            String words = SettingsKeys.accepted(kind);
            return optional && !words.isEmpty() ? words + ", or `none`" : words;
        }
    }

    /** Calls back for each key with its path, such as {@code services.NAME.retry.attempts}, and {@code run[0].port}. */
    static void walk(String prefix, Kind kind, BiConsumer<String, Key> visit) {
        switch (kind) {
            case Group group ->
                group.keys.forEach(key -> {
                    String path = prefix.isEmpty() ? key.name : prefix + "." + key.name;
                    visit.accept(path, key);
                    walk(path, key.kind, visit);
                });
            case Elements list -> walk(prefix + "[0]", list.element, visit);
            case Names names -> walk(prefix + "." + names.placeholder, names.content, visit);
            case Choice choice -> choice.groups.forEach(group -> walk(prefix, group, visit));
            case Value _, Anything _ -> {}
        }
    }

    private static String accepted(Kind kind) {
        return switch (kind) {
            case Value value ->
                Stream.of(value.range(), value.accepted)
                        .filter(words -> !words.isEmpty())
                        .collect(Collectors.collectingAndThen(
                                Collectors.joining("; "), words -> words.isEmpty() ? "text" : words));
            case Elements(Value(var _, var _, var words, var _, var _, var _, var _), var _)
            when !words.isEmpty() -> "a list of " + quoted(words);
            case Elements(Value value, var accepted) -> accepted.isEmpty() ? "a list of " + accepted(value) : accepted;
            case Elements list -> "a list" + (list.accepted.isEmpty() ? "" : ", " + list.accepted);
            case Names names -> names.accepted;
            case Anything _ -> "any keys";
            case Group _, Choice _ -> "";
        };
    }

    private static String quoted(List<String> words) {
        return words.stream().map(word -> "`" + word + "`").collect(Collectors.joining(", "));
    }

    private static Group root() {
        var keys = new ArrayList<Key>();
        for (Key key : keys(Settings.class, Settings.DEFAULTS)) {
            keys.add(
                    switch (key.name) {
                        case "services" -> key.with(new Names("NAME", pattern(ServiceName.class), service(), ""));
                        case "run" -> key.with(new Elements(run(), ""));
                        case "balance" -> key.with(group(BalancePolicy.class, BalancePolicy.DEFAULT));
                        default -> key;
                    });
        }
        String app = "The application's own settings, which it reads with `treaty.configuration()`.";
        keys.add(new Key(APP, new Anything(), app, Optional.of(""), false, false));
        return new Group(Settings.class, "", List.copyOf(keys));
    }

    /** What {@link SettingsReader} reads below the name of a service. */
    private static Group service() {
        List<Key> tolerance = keys(FaultTolerance.class, FaultTolerance.DEFAULT);
        List<Key> operation =
                tolerance.stream().filter(key -> !key.name.equals("breaker")).toList();
        Kind operations = new Names("OPERATION", "", new Group(FaultTolerance.class, "services.NAME", operation), "");
        Stream<Key> calls = keys(Policies.class, null).stream()
                .filter(key -> key.name.equals("operations"))
                .map(key -> key.with(operations));
        Stream<Key> instances =
                keys(BalanceSettings.OfService.class, BalanceSettings.OfService.of(BalancePolicy.DEFAULT)).stream()
                        .map(key -> key.kind instanceof Group(var type, var _, var keys) && type == BalancePolicy.class
                                ? new Key(
                                        "balance",
                                        new Group(type, "balance", keys),
                                        key.description,
                                        key.standard,
                                        false,
                                        false)
                                : key);
        return new Group(
                FaultTolerance.class,
                "defaults",
                Stream.of(tolerance.stream(), calls, instances)
                        .flatMap(each -> each)
                        .toList());
    }

    /** What {@link SettingsReader} reads as an element of {@code run}. */
    private static Choice run() {
        var hosted = new RunSettings.Hosted("x", "x", List.of(), 1, List.of(), 0);
        var existing = new RunSettings.Existing(
                new ServiceName("x"), URI.create("http://x"), "/", new Version(1, 0, 0), HealthPolicy.STANDARD);
        return new Choice(List.of(
                required(hosted, Set.of("contract", "implementation")), required(existing, Set.of("name", "address"))));
    }

    private static Group required(Record example, Set<String> names) {
        return new Group(
                example.getClass(),
                "",
                keys(example.getClass(), example).stream()
                        .map(key -> names.contains(key.name) ? key.withRequired() : key)
                        .toList());
    }

    private static Group group(Class<?> type, @Nullable Object base) {
        return new Group(type, "", keys(type, base));
    }

    /** Returns the keys of a record, with the values of the base as defaults; without a base, those of its constant. */
    private static List<Key> keys(Class<?> type, @Nullable Object base) {
        var reader = RecordReader.of(type);
        Object values = base == null ? reader.defaults() : base;
        RecordComponent[] components = type.getRecordComponents();
        return IntStream.range(0, components.length)
                .mapToObj(i -> key(components[i], reader.key(i), values == null ? null : reader.value(values, i)))
                .toList();
    }

    private static Key key(RecordComponent component, String name, @Nullable Object base) {
        boolean optional = component.getType() == Optional.class;
        Object value = base instanceof Optional<?> content ? content.orElse(null) : base;
        Type type = optional ? argument(component.getGenericType(), 0) : component.getGenericType();
        Kind kind = kind(type, name, value, Optional.ofNullable(component.getAnnotation(Accepted.class)));
        Description description = component.getAnnotation(Description.class);
        return new Key(
                name,
                kind,
                description == null ? "" : description.value(),
                standard(kind, name, optional, value),
                kind instanceof Value && value == null && !optional,
                optional);
    }

    /** Returns a default as it is written. */
    private static Optional<String> standard(Kind kind, String name, boolean optional, @Nullable Object value) {
        if (value == null) {
            return optional ? Optional.of("none") : Optional.empty();
        }
        return switch (kind) {
            case Value plain -> Optional.of(written(plain.type, name, value));
            case Elements(Value plain, var _) ->
                Optional.of(((List<?>) value)
                        .stream().map(each -> written(plain.type, name, each)).collect(Collectors.joining(", ")));
            case Elements _, Names _ -> Optional.of("");
            default -> Optional.empty();
        };
    }

    private static String written(Class<?> type, String name, Object value) {
        return ValueFormat.of(type, name).orElseThrow().of(value);
    }

    private static Kind kind(Type type, String name, @Nullable Object base, Optional<Accepted> accepted) {
        String words = accepted.map(Accepted::value).orElse("");
        if (type instanceof ParameterizedType generic) {
            if (generic.getRawType() == List.class) {
                return new Elements(kind(argument(generic, 0), name, null, accepted), words);
            }
            if (generic.getRawType() == Map.class) {
                return new Names(
                        "KEY",
                        pattern((Class<?>) argument(generic, 0)),
                        kind(argument(generic, 1), name, null, accepted),
                        words);
            }
        } else if (type instanceof Class<?> plain) {
            return ValueFormat.of(plain, name).isPresent()
                    ? value(plain, name, accepted)
                    : plain.isRecord() ? group(plain, base) : new Anything();
        }
        throw new IllegalStateException(name + " has a type that settings cannot have: " + type.getTypeName());
    }

    private static Type argument(Type generic, int index) {
        return ((ParameterizedType) generic).getActualTypeArguments()[index];
    }

    private static Value value(Class<?> type, String name, Optional<Accepted> accepted) {
        List<String> words = type.isEnum()
                ? Stream.of(type.getEnumConstants())
                        .map(constant -> KeyNames.kebab((Enum<?>) constant))
                        .toList()
                : List.of();
        return new Value(
                type,
                form(type, name),
                words,
                accepted.map(Accepted::min).orElse(""),
                accepted.map(Accepted::max).orElse(""),
                accepted.map(Accepted::pattern).filter(own -> !own.isEmpty()).orElseGet(() -> pattern(type)),
                accepted.map(Accepted::value).orElse(""));
    }

    private static Form form(Class<?> plain, String name) {
        Class<?> type = MethodType.methodType(plain).unwrap().returnType();
        if (type.isEnum()) {
            return Form.WORD;
        }
        if (type == int.class) {
            boolean bytes = written(type, name, 1 << 10).equals("1KiB");
            return bytes ? Form.SIZE : Form.WHOLE;
        }
        return type == boolean.class
                ? Form.BOOLEAN
                : type == double.class ? Form.NUMBER : type == Duration.class ? Form.DURATION : Form.TEXT;
    }

    /** Returns a regular expression for the texts of a type; empty for any text. */
    private static String pattern(Class<?> type) {
        String version = "[0-9]{1,9}(\\.[0-9]{1,9}){0,2}";
        if (type == ServiceName.class) {
            return "[A-Za-z][A-Za-z0-9._-]{0,127}";
        } else if (type == Version.class) {
            return version;
        } else if (type == VersionRange.class) {
            String part = "(>=|<)" + version;
            return "\\s*(\\*|\\^" + version + "|" + part + "(\\s+" + part + ")*)\\s*";
        } else if (type == AddressRange.class) {
            return "[0-9A-Fa-f.:]+(/[0-9]{1,3})?";
        } else if (type == RegistryAddress.class) {
            return "\\s*(embedded|[a-z][a-z0-9+.-]*:\\S[\\s\\S]*)";
        }
        return "";
    }
}
