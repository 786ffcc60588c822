package dev.treaty.config;

import dev.treaty.config.SettingsKeys.Anything;
import dev.treaty.config.SettingsKeys.Choice;
import dev.treaty.config.SettingsKeys.Elements;
import dev.treaty.config.SettingsKeys.Form;
import dev.treaty.config.SettingsKeys.Group;
import dev.treaty.config.SettingsKeys.Kind;
import dev.treaty.config.SettingsKeys.Names;
import dev.treaty.config.SettingsKeys.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The schema of {@code treaty.yaml} in JSON Schema, with which editors complete keys, show their meaning, and mark what
 * the settings would refuse.
 *
 * <p>It is written in draft 7, the newest one that the language server for YAML reads. It accepts every file that
 * {@link Settings} accept, if words are written as documented: in lower case, with hyphens. What a schema cannot tell,
 * such as the bounds of durations and the relations between keys, the settings alone refuse.
 *
 * @see <a href="https://json-schema.org/draft-07">JSON Schema draft 7</a>
 * @see <a href="https://github.com/redhat-developer/yaml-language-server">YAML Language Server</a>
 */
public final class SettingsSchema {
    private static final String REFERENCES = "#/definitions/";

    /** A part of a text that a variable supplies; what the whole text is then cannot be told. */
    private static final String VARIABLE = "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:[^}]*)?\\}";

    private static final String SUM = Stream.of("d", "h", "m", "s", "ms", "[uµ]s", "ns")
            .map(unit -> "([0-9]{1,18}(\\.[0-9]{1,9})?\\s*" + unit + "\\s*)?")
            .collect(Collectors.joining("", "(?=[0-9])", ""));

    private static final Pattern LINK = Pattern.compile("\\[([^\\[\\]]+)]\\([^)]+\\)");

    /** Those groups that occur several times, by what they contain; filled while they are written. */
    private final Map<Group, String> names = new LinkedHashMap<>();

    private final Map<String, Object> definitions = new LinkedHashMap<>();

    private SettingsSchema() {}

    /** Returns the schema as text, indented, with a line feed at its end. */
    public static String json() {
        return new SettingsSchema().text();
    }

    private String text() {
        Map<Group, Integer> counts = new LinkedHashMap<>();
        SettingsKeys.walk("", SettingsKeys.ROOT, (_, key) -> {
            if (key.kind() instanceof Group group) {
                counts.merge(group, 1, Integer::sum);
            }
        });
        counts.forEach((group, count) -> {
            if (count > 1) {
                String name = KeyNames.kebab(group.type().getSimpleName());
                names.put(group, names.containsValue(name) ? name + "-" + names.size() : name);
            }
        });
        var schema = new LinkedHashMap<String, Object>();
        schema.put("$schema", "http://json-schema.org/draft-07/schema#");
        schema.put("title", "Treaty settings");
        schema.put("description", "The settings of a process that uses Treaty: treaty.yaml.");
        schema.putAll(group(SettingsKeys.ROOT));
        names.forEach((group, name) -> definitions.put(name, group(group)));
        schema.put("definitions", definitions);
        var text = new StringBuilder();
        write(text, schema, "\n");
        return text.append('\n').toString();
    }

    private Map<String, Object> key(SettingsKeys.Key key) {
        Map<String, Object> content = schema(key.kind(), key.optional());
        var schema = new LinkedHashMap<String, Object>();
        schema.put("description", description(key));
        key.standard()
                .filter(_ -> key.kind() instanceof Value)
                .ifPresent(text -> schema.put("default", standard((Value) key.kind(), text)));
        schema.putAll(content);
        return schema;
    }

    /** Returns the meaning and what is accepted, unless the schema lists it, without links. */
    private static String description(SettingsKeys.Key key) {
        Kind kind = key.kind() instanceof Elements(var element, var _) ? element : key.kind();
        boolean listed = kind instanceof Value value && (value.form() == Form.WORD || value.form() == Form.BOOLEAN);
        String accepted = listed ? "" : key.accepted();
        String text = key.description() + (accepted.isEmpty() ? "" : " Accepted: " + accepted + ".");
        return LINK.matcher(text).replaceAll("$1");
    }

    private static Object standard(Value value, String text) {
        return switch (value.form()) {
            case BOOLEAN -> Boolean.valueOf(text);
            case WHOLE, NUMBER -> text.equals("none") ? text : new BigDecimal(text);
            default -> text;
        };
    }

    private Map<String, Object> schema(Kind kind, boolean optional) {
        return switch (kind) {
            case Value value -> value(value, optional);
            case Group group when optional -> Map.of("anyOf", List.of(reference(group), Map.of("const", "none")));
            case Group group -> reference(group);
            case Elements(var element, var _) -> {
                var list = new LinkedHashMap<String, Object>();
                list.put("type", List.of("array", "null"));
                list.put("items", schema(element, false));
                yield list;
            }
            case Names(var _, var pattern, var content, var _) -> {
                var group = new LinkedHashMap<String, Object>();
                group.put("type", List.of("object", "null"));
                if (!pattern.isEmpty()) {
                    group.put("propertyNames", Map.of("pattern", whole(pattern)));
                }
                group.put("additionalProperties", schema(content, false));
                yield group;
            }
            case Choice(var groups) ->
                Map.of("oneOf", groups.stream().map(this::reference).toList());
            case Anything _ -> Map.of("type", List.of("object", "null"));
        };
    }

    private Map<String, Object> reference(Group group) {
        String name = names.get(group);
        return name == null
                ? group(group)
                : new LinkedHashMap<>(Map.of("allOf", List.of(Map.of("$ref", REFERENCES + name))));
    }

    private Map<String, Object> group(Group group) {
        var properties = new LinkedHashMap<String, Object>();
        group.keys().forEach(key -> properties.put(key.name(), key(key)));
        List<String> required = group.keys().stream()
                .filter(SettingsKeys.Key::required)
                .map(SettingsKeys.Key::name)
                .toList();
        var schema = new LinkedHashMap<String, Object>();
        schema.put("type", required.isEmpty() ? List.of("object", "null") : "object");
        schema.put("additionalProperties", false);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        schema.put("properties", properties);
        return schema;
    }

    /** Plain values may be quoted, and supplied by variables: then they are texts. */
    private Map<String, Object> value(Value value, boolean optional) {
        var schema = new LinkedHashMap<String, Object>();
        var texts = new ArrayList<String>();
        switch (value.form()) {
            case WORD -> {
                var words = new ArrayList<>(value.words());
                if (optional) {
                    words.add("none");
                }
                definitions.computeIfAbsent("variable", _ -> {
                    var variable = new LinkedHashMap<String, Object>();
                    variable.put("type", "string");
                    pattern(variable, List.of(), false);
                    return variable;
                });
                schema.put("anyOf", List.of(Map.of("enum", words), Map.of("$ref", REFERENCES + "variable")));
                return schema;
            }
            case BOOLEAN -> {
                schema.put("type", List.of("boolean", "string"));
                texts.add("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]");
            }
            case WHOLE -> {
                schema.put("type", List.of("integer", "string"));
                bounds(schema, value);
                texts.add("[+-]?[0-9]{1,30}");
            }
            case NUMBER -> {
                schema.put("type", List.of("number", "string"));
                bounds(schema, value);
                texts.add("[+-]?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?\\s*%?");
            }
            case SIZE -> {
                schema.put("type", List.of("integer", "string"));
                bounds(schema, value);
                texts.add("[0-9]{1,18}\\s*([KkMmGg]?[Bb]|[KkMmGg][Ii][Bb])?");
            }
            case DURATION -> {
                String name = (value.min().equals("0s") ? "zero-or-" : "") + (optional ? "none-or-" : "") + "duration";
                definitions.computeIfAbsent(name, _ -> duration(value.min().equals("0s"), optional));
                schema.put("allOf", List.of(Map.of("$ref", REFERENCES + name)));
                return schema;
            }
            case TEXT -> { // without quotes it may look like a number or a boolean
                Pattern pattern = Pattern.compile(value.pattern().isEmpty() ? ".*" : value.pattern());
                var types = new ArrayList<>(List.of("string"));
                if (pattern.matcher("1").matches()) {
                    types.add("number");
                }
                if (pattern.matcher("true").matches()) {
                    types.add("boolean");
                }
                schema.put("type", types.size() == 1 ? "string" : types);
                if (types.contains("number") && !pattern.matcher("-1").matches()) {
                    schema.put("minimum", 0);
                }
                if (value.pattern().isEmpty()) {
                    return schema;
                }
                texts.add(value.pattern());
            }
        }
        pattern(schema, texts, optional);
        return schema;
    }

    private static Map<String, Object> duration(boolean zero, boolean optional) {
        var schema = new LinkedHashMap<String, Object>();
        var texts = new ArrayList<>(List.of(SUM, "[Pp][-+0-9.,DdTtHhMmSs]+"));
        schema.put("type", zero ? List.of("string", "integer") : "string");
        if (zero) {
            schema.put("minimum", 0);
            schema.put("maximum", 0);
            texts.add("0");
        }
        pattern(schema, texts, optional);
        schema.put("patternErrorMessage", "A duration is written as 250ms, 2s or 1m30s.");
        return schema;
    }

    /** Adds a pattern for whole texts, or for any text with a variable. */
    private static void pattern(Map<String, Object> schema, List<String> texts, boolean optional) {
        Stream<String> words = optional ? Stream.of("none") : Stream.of();
        schema.put(
                "pattern",
                Stream.concat(Stream.concat(texts.stream(), words).map(SettingsSchema::whole), Stream.of(VARIABLE))
                        .collect(Collectors.joining("|")));
    }

    private static String whole(String pattern) {
        return "^(" + pattern + ")$";
    }

    private static void bounds(Map<String, Object> schema, Value value) {
        if (!value.min().isEmpty()) {
            schema.put("minimum", number(value, value.min()));
        }
        String max = value.max().isEmpty() ? String.valueOf(Integer.MAX_VALUE) : value.max();
        schema.put("maximum", number(value, max));
    }

    private static Object number(Value value, String text) {
        return value.form() == Form.NUMBER
                ? new BigDecimal(text)
                : (Object) ValueFormat.of(value.type(), value.form() == Form.SIZE ? "bytes" : "")
                        .orElseThrow()
                        .read()
                        .apply(text);
    }

    /** @param line a line feed with the indentation */
    private static void write(StringBuilder text, Object value, String line) {
        String below = line + "  ";
        switch (value) {
            case Map<?, ?> map
            when !map.isEmpty() -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    write(text.append(separator).append(below), entry.getKey(), below);
                    write(text.append(": "), entry.getValue(), below);
                    separator = ",";
                }
                text.append(line).append('}');
            }
            case List<?> list -> {
                String separator = "[";
                for (Object element : list) {
                    write(text.append(separator), element, line);
                    separator = ", ";
                }
                text.append(list.isEmpty() ? "[]" : "]");
            }
            case String string -> text.append(JsonText.quote(string));
            default -> text.append(value);
        }
    }
}
