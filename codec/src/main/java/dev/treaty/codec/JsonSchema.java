package dev.treaty.codec;

import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Shape;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The messages of a contract as JSON Schema, draft 2020-12. Objects are closed, as {@link JsonCodec} reads requests.
 *
 * @see <a href="https://json-schema.org/draft/2020-12">JSON Schema 2020-12</a>
 */
public final class JsonSchema {
    private static final String DATE = "\\d{4}-\\d{2}-\\d{2}";
    private static final String TIME = "\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?";

    private final String prefix;
    private final boolean discriminators;
    private final Map<String, Object> definitions = new TreeMap<>();

    /**
     * @param prefix what a reference to a named type begins with
     * @param discriminators whether choices carry the keyword that OpenAPI adds
     */
    JsonSchema(String prefix, boolean discriminators) {
        this.prefix = prefix;
        this.discriminators = discriminators;
    }

    /**
     * One document for a whole contract: named types under {@code $defs}, and the messages of each operation as
     * {@code #/$defs/get.request} and {@code #/$defs/get.response}.
     */
    public static String of(ServiceContract contract) {
        var schema = new JsonSchema("#/$defs/", false);
        for (Operation operation : contract.operations()) {
            schema.define(operation.name() + ".request", operation.request());
            schema.define(operation.name() + ".response", operation.response());
        }
        var document = new LinkedHashMap<String, Object>();
        document.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        document.put("title", contract.name() + " " + contract.version());
        describe(document, contract.description());
        document.put("$defs", schema.definitions);
        return Json.indented(document);
    }

    private void define(String name, Structure message) {
        definitions.put(name, schema(message));
    }

    /** The named types that were referred to so far. */
    Map<String, Object> definitions() {
        return definitions;
    }

    /** The schema of a shape; of a named one, a reference. */
    Map<String, Object> schema(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> scalar(scalar);
            case Enumeration(var name, var description, var values) -> {
                var schema = typed("string");
                schema.put("enum", values);
                describe(schema, description);
                yield named(name, schema);
            }
            case Sequence(var element) -> {
                var schema = typed("array");
                schema.put("items", schema(element));
                yield schema;
            }
            case Mapping(var value) -> {
                var schema = typed("object");
                schema.put("additionalProperties", schema(value));
                yield schema;
            }
            case Structure structure ->
                structure.anonymous()
                        ? object(structure, Map.of())
                        : known(structure.name())
                                ? reference(structure.name())
                                : named(structure.name(), object(structure, Map.of()));
            case Choice choice ->
                known(choice.name()) ? reference(choice.name()) : named(choice.name(), choice(choice));
        };
    }

    private boolean known(String name) {
        return definitions.containsKey(name);
    }

    private Map<String, Object> named(String name, Map<String, Object> schema) {
        definitions.put(name, schema);
        return reference(name);
    }

    private Map<String, Object> reference(String name) {
        var reference = new LinkedHashMap<String, Object>();
        reference.put("$ref", prefix + name);
        return reference;
    }

    private Map<String, Object> object(Structure structure, Map<String, Object> before) {
        var schema = typed("object");
        describe(schema, structure.description());
        var properties = new LinkedHashMap<>(before);
        var required = new ArrayList<>(before.keySet());
        for (Field field : structure.fields()) {
            properties.put(field.name(), property(field));
            if (field.required()) {
                required.add(field.name());
            }
        }
        schema.put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        schema.put("additionalProperties", false);
        return schema;
    }

    private Map<String, Object> property(Field field) {
        var schema = schema(field.shape());
        describe(schema, field.description());
        field.whenAbsent().ifPresent(text -> schema.put("default", value(field.shape(), text)));
        return schema;
    }

    private static Object value(Shape shape, String text) {
        return switch (shape) {
            case Scalar scalar ->
                switch (scalar) {
                    case BOOLEAN -> Boolean.valueOf(text);
                    case INT32, INT64, INTEGER -> new BigInteger(text);
                    case FLOAT32, FLOAT64, DECIMAL -> new BigDecimal(text);
                    default -> text;
                };
            default -> text;
        };
    }

    private Map<String, Object> choice(Choice choice) {
        var schema = new LinkedHashMap<String, Object>();
        describe(schema, choice.description());
        var options = new ArrayList<Object>();
        var mapping = new LinkedHashMap<String, Object>();
        for (var option : choice.options()) {
            String name = choice.name() + "." + option.structure().name();
            var tag = typed("string");
            tag.put("const", option.tag());
            options.add(named(name, object(option.structure(), Map.of(choice.tag(), tag))));
            mapping.put(option.tag(), prefix + name);
        }
        schema.put("oneOf", options);
        if (discriminators) {
            var discriminator = new LinkedHashMap<String, Object>();
            discriminator.put("propertyName", choice.tag());
            discriminator.put("mapping", mapping);
            schema.put("discriminator", discriminator);
        }
        return schema;
    }

    private static Map<String, Object> scalar(Scalar scalar) {
        return switch (scalar) {
            case STRING -> typed("string");
            case BOOLEAN -> typed("boolean");
            case INT32 -> whole("int32", Integer.MIN_VALUE, Integer.MAX_VALUE);
            case INT64 -> whole("int64", Long.MIN_VALUE, Long.MAX_VALUE);
            case FLOAT32 -> typed("number", "format", "float");
            case FLOAT64 -> typed("number", "format", "double");
            case INTEGER -> typed("integer");
            case DECIMAL -> typed("number");
            case BYTES -> typed("string", "contentEncoding", "base64");
            case INSTANT, TIMESTAMP -> typed("string", "format", "date-time");
            case DATE -> typed("string", "format", "date");
            case TIME -> typed("string", "pattern", "^" + TIME + "$");
            case DATETIME -> typed("string", "pattern", "^" + DATE + "T" + TIME + "$");
            case DURATION -> typed("string", "format", "duration");
            case UUID -> typed("string", "format", "uuid");
            case URI -> typed("string", "format", "uri-reference");
        };
    }

    private static Map<String, Object> whole(String format, long least, long most) {
        var schema = typed("integer", "format", format);
        schema.put("minimum", least);
        schema.put("maximum", most);
        return schema;
    }

    private static Map<String, Object> typed(String type) {
        var schema = new LinkedHashMap<String, Object>();
        schema.put("type", type);
        return schema;
    }

    private static Map<String, Object> typed(String type, String keyword, String value) {
        var schema = typed(type);
        schema.put(keyword, value);
        return schema;
    }

    static void describe(Map<String, Object> schema, String description) {
        if (!description.isEmpty()) {
            schema.put("description", description);
        }
    }

    /** The schema of a Connect error. */
    static Map<String, Object> error(List<String> codes) {
        var code = typed("string");
        code.put("enum", codes);
        var details = typed("array");
        details.put("items", typed("object"));
        var properties = new LinkedHashMap<String, Object>();
        properties.put("code", code);
        properties.put("message", typed("string"));
        properties.put("details", details);
        var schema = typed("object");
        schema.put("description", "What went wrong.");
        schema.put("properties", properties);
        schema.put("required", List.of("code"));
        return schema;
    }
}
