package dev.treaty.codec;

import dev.treaty.core.call.Code;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Shape.Structure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A contract as an OpenAPI 3.1 document, for the tools that read such: each operation is a POST, as on the wire.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.1.1.html">OpenAPI 3.1</a>
 */
public final class OpenApi {
    /** The name of the error's schema; no type of a contract can have it, since theirs have no dot first. */
    private static final String ERROR = "connect.Error";

    private static final String SCHEMAS = "#/components/schemas/";

    private OpenApi() {}

    /** The document. */
    public static String of(ServiceContract contract) {
        var schema = new JsonSchema(SCHEMAS, true);
        var paths = new LinkedHashMap<String, Object>();
        for (Operation operation : contract.operations()) {
            paths.put(
                    "/" + contract.name() + "/" + operation.name(), Map.of("post", post(contract, operation, schema)));
        }
        var info = new LinkedHashMap<String, Object>();
        info.put("title", contract.name().value());
        info.put("version", contract.version().toString());
        JsonSchema.describe(info, contract.description());

        Map<String, Object> schemas = schema.definitions();
        schemas.put(
                ERROR,
                JsonSchema.error(Arrays.stream(Code.values()).map(Code::wire).toList()));
        var document = new LinkedHashMap<String, Object>();
        document.put("openapi", "3.1.0");
        document.put("info", info);
        document.put("paths", paths);
        document.put("components", Map.of("schemas", schemas));
        if (!contract.capabilities().isEmpty()) {
            document.put("x-treaty-capabilities", capabilities(contract.capabilities()));
        }
        return Json.indented(document);
    }

    private static Map<String, Object> post(ServiceContract contract, Operation operation, JsonSchema schema) {
        var request = new LinkedHashMap<String, Object>();
        request.put("required", true);
        request.put("content", json(schema.schema(operation.request())));

        var responses = new LinkedHashMap<String, Object>();
        responses.put("200", response(result(operation.response()), schema.schema(operation.response())));
        responses.put("default", response("A fault.", Map.of("$ref", SCHEMAS + ERROR)));

        var post = new LinkedHashMap<String, Object>();
        post.put("operationId", operation.name());
        post.put("tags", List.of(contract.name().value()));
        JsonSchema.describe(post, operation.description());
        post.put("x-treaty-idempotent", operation.idempotent());
        post.put("requestBody", request);
        post.put("responses", responses);
        return post;
    }

    private static String result(Structure response) {
        return response.fields().isEmpty() ? "It is done." : "The result.";
    }

    private static Map<String, Object> response(String description, Map<String, Object> schema) {
        var response = new LinkedHashMap<String, Object>();
        response.put("description", description);
        response.put("content", json(schema));
        return response;
    }

    private static Map<String, Object> json(Map<String, Object> schema) {
        return Map.of("application/json", Map.of("schema", schema));
    }

    private static List<Object> capabilities(List<ServiceCapability> capabilities) {
        var list = new ArrayList<Object>();
        for (ServiceCapability capability : capabilities) {
            var map = new LinkedHashMap<String, Object>();
            map.put("name", capability.name());
            map.put("version", capability.version().toString());
            JsonSchema.describe(map, capability.description());
            map.put("enabled", capability.enabled());
            list.add(map);
        }
        return list;
    }
}
