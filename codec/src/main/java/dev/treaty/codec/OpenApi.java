package dev.treaty.codec;

import static dev.treaty.codec.JsonSchema.object;
import static dev.treaty.codec.JsonSchema.put;

import dev.treaty.core.call.Code;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Writes a contract as an OpenAPI 3.1 document: each operation is a POST, as on the wire.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.1.1.html">OpenAPI 3.1</a>
 */
public final class OpenApi {
    /** The name of the error's schema, which differs from types of a contract by its lower-case beginning. */
    private static final String ERROR = "connect.Error";

    private static final String SCHEMAS = "#/components/schemas/";

    private OpenApi() {}

    /** Returns the document of a contract. */
    public static String of(ServiceContract contract) {
        var schema = new JsonSchema(SCHEMAS, true);
        var paths = object();
        for (Operation operation : contract.operations()) {
            paths.put(
                    "/" + contract.name() + "/" + operation.name(), Map.of("post", post(contract, operation, schema)));
        }
        var info = object(
                "title", contract.name().value(),
                "version", contract.version().toString(),
                "description", contract.description());
        schema.definitions().put(ERROR, error());
        var document = object("openapi", "3.1.0", "info", info, "paths", paths);
        put(document, "components", Map.of("schemas", schema.definitions()));
        var capabilities = contract.capabilities().stream().map(OpenApi::capability);
        put(document, "x-treaty-capabilities", capabilities.toList());
        return Json.indented(document);
    }

    /** The schema of a Connect error. */
    private static Map<String, Object> error() {
        var codes = Arrays.stream(Code.values()).map(Code::wire).toList();
        var detail = object(
                "type", object("type", "string"), "value", object("type", "string", "contentEncoding", "base64"));
        var properties = object(
                "code", object("type", "string", "enum", codes),
                "message", object("type", "string"),
                "details", object("type", "array", "items", object("type", "object", "properties", detail)));
        var schema = object("type", "object", "description", "Why the call failed.", "properties", properties);
        put(schema, "required", List.of("code"));
        return schema;
    }

    private static Map<String, Object> post(ServiceContract contract, Operation operation, JsonSchema schema) {
        String result = operation.response().fields().isEmpty() ? "The operation succeeded." : "The result.";
        var responses = object(
                "200", response(result, schema.schema(operation.response())),
                "default", response("A fault.", Map.of("$ref", SCHEMAS + ERROR)));
        return object(
                "operationId", operation.name(),
                "tags", List.of(contract.name().value()),
                "description", operation.description(),
                "x-treaty-idempotent", operation.idempotent(),
                "requestBody", object("required", true, "content", content(schema.schema(operation.request()))),
                "responses", responses);
    }

    private static Map<String, Object> response(String description, Map<String, Object> schema) {
        return object("description", description, "content", content(schema));
    }

    private static Map<String, Object> content(Map<String, Object> schema) {
        return Map.of("application/json", Map.of("schema", schema));
    }

    private static Map<String, Object> capability(ServiceCapability capability) {
        return object(
                "name", capability.name(),
                "version", capability.version().toString(),
                "description", capability.description(),
                "enabled", capability.enabled());
    }
}
