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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Writes the messages of a contract as JSON Schema, draft 2020-12. Objects are closed, as {@link JsonCodec} reads
 * requests.
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
     * @param prefix the beginning of references to named types
     * @param discriminators whether choices have the keyword that OpenAPI adds
     */
    JsonSchema(String prefix, boolean discriminators) {
        this.prefix = prefix;
        this.discriminators = discriminators;
    }

    /**
     * Returns one document for a contract: named types under {@code $defs}, and the messages of each operation as
     * {@code #/$defs/get.request} and {@code #/$defs/get.response}.
     */
    public static String of(ServiceContract contract) {
        var schema = new JsonSchema("#/$defs/", false);
        for (Operation operation : contract.operations()) {
            schema.definitions.put(operation.name() + ".request", schema.schema(operation.request()));
            schema.definitions.put(operation.name() + ".response", schema.schema(operation.response()));
        }
        var document = object("$schema", "https://json-schema.org/draft/2020-12/schema");
        put(document, "title", contract.name() + " " + contract.version());
        put(document, "description", contract.description());
        put(document, "$defs", schema.definitions);
        return Json.indented(document);
    }

    /** The named types to which {@link #schema} has referred. */
    Map<String, Object> definitions() {
        return definitions;
    }

    /** Returns the schema of a shape, or a reference if it has a name. */
    Map<String, Object> schema(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> scalar(scalar);
            case Enumeration(var name, var description, var values) ->
                named(name, () -> object("type", "string", "enum", values, "description", description));
            case Sequence(var element) -> object("type", "array", "items", schema(element));
            case Mapping(var value) -> object("type", "object", "additionalProperties", schema(value));
            case Structure structure ->
                structure.anonymous()
                        ? structure(structure, Map.of())
                        : named(structure.name(), () -> structure(structure, Map.of()));
            case Choice choice -> named(choice.name(), () -> choice(choice));
        };
    }

    private Map<String, Object> named(String name, Supplier<Map<String, Object>> schema) {
        if (!definitions.containsKey(name)) {
            definitions.put(name, schema.get());
        }
        return object("$ref", prefix + name);
    }

    private Map<String, Object> structure(Structure structure, Map<String, Object> first) {
        var properties = new LinkedHashMap<>(first);
        var required = new ArrayList<>(first.keySet());
        for (Field field : structure.fields()) {
            var property = schema(field.shape());
            put(property, "description", field.description());
            field.whenAbsent().ifPresent(text -> property.put("default", defaultValue(field.shape(), text)));
            properties.put(field.name(), property);
            if (field.required()) {
                required.add(field.name());
            }
        }
        var schema = object("type", "object", "description", structure.description(), "properties", properties);
        put(schema, "required", required);
        put(schema, "additionalProperties", false);
        return schema;
    }

    private static Object defaultValue(Shape shape, String text) {
        return shape instanceof Scalar scalar && !scalar.isText() ? scalar.parse(text) : text;
    }

    private Map<String, Object> choice(Choice choice) {
        var options = new ArrayList<Object>();
        var mapping = object();
        for (var option : choice.options()) {
            String name = choice.name() + "." + option.structure().name();
            var tag = object("type", "string", "const", option.tag());
            options.add(named(name, () -> structure(option.structure(), Map.of(choice.tag(), tag))));
            mapping.put(option.tag(), prefix + name);
        }
        Object discriminator = discriminators ? object("propertyName", choice.tag(), "mapping", mapping) : "";
        return object("description", choice.description(), "oneOf", options, "discriminator", discriminator);
    }

    private static Map<String, Object> scalar(Scalar scalar) {
        return switch (scalar) {
            case STRING -> object("type", "string");
            case BOOLEAN -> object("type", "boolean");
            case INT32 -> whole("int32", Integer.MIN_VALUE, Integer.MAX_VALUE);
            case INT64 -> whole("int64", Long.MIN_VALUE, Long.MAX_VALUE);
            case FLOAT32 -> object("type", "number", "format", "float");
            case FLOAT64 -> object("type", "number", "format", "double");
            case INTEGER -> object("type", "integer");
            case DECIMAL -> object("type", "number");
            case BYTES -> object("type", "string", "contentEncoding", "base64");
            case INSTANT, TIMESTAMP -> object("type", "string", "format", "date-time");
            case DATE -> object("type", "string", "format", "date");
            case TIME -> object("type", "string", "pattern", "^" + TIME + "$");
            case DATETIME -> object("type", "string", "pattern", "^" + DATE + "T" + TIME + "$");
            case DURATION -> object("type", "string", "format", "duration");
            case UUID -> object("type", "string", "format", "uuid");
            case URI -> object("type", "string", "format", "uri-reference");
        };
    }

    private static Map<String, Object> whole(String format, long min, long max) {
        return object("type", "integer", "format", format, "minimum", min, "maximum", max);
    }

    /** Returns a JSON object with these names and values, which alternate, as {@link #put} does. */
    static Map<String, Object> object(Object... namesAndValues) {
        var object = new LinkedHashMap<String, Object>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            put(object, (String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }

    /** Adds a value unless it is an empty string or list. */
    static void put(Map<String, Object> object, String name, Object value) {
        if (!value.equals("") && !value.equals(List.of())) {
            object.put(name, value);
        }
    }
}
