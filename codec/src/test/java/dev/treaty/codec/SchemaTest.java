package dev.treaty.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.fixtures.Node;
import dev.treaty.fixtures.Shop;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON Schema and OpenAPI, validated by third-party tools. */
class SchemaTest {
    private static final ServiceContract CONTRACT = ServiceContract.of(Shop.class);
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private static Schema message(String name) {
        return REGISTRY.getSchema(
                "{\"$ref\":\"#/$defs/" + name + "\"," + JsonSchema.of(CONTRACT).substring(1));
    }

    @Test
    void the_schema_is_valid() {
        Schema meta = REGISTRY.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));
        assertThat(meta.validate(JsonSchema.of(CONTRACT), InputFormat.JSON)).isEmpty();
        assertThat(meta.validate("{\"type\":7}", InputFormat.JSON)).isNotEmpty();
    }

    /** Messages that the codec rejects, except for reasons that JSON Schema cannot express. */
    static Stream<Arguments> rejections() {
        Set<String> beyondSchemas = Set.of(
                "occurs twice",
                "continues after",
                "within its range",
                "not valid JSON",
                "exceeds a limit",
                "in base64",
                "a duration such as",
                "not a number with a fraction");
        return JsonCodecTest.rejections()
                .filter(rejection ->
                        beyondSchemas.stream().noneMatch(((String) rejection.get()[2])::contains));
    }

    @ParameterizedTest
    @MethodSource("rejections")
    void the_schema_rejects_messages_that_the_codec_rejects(String operation, String json, String message) {
        assertThat(message(operation + ".request").validate(json, InputFormat.JSON))
                .as(message)
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\":\"1\",\"status\":\"NEW\",\"lines\":[{\"sku\":\"a\",\"quantity\":1}],"
                        + "\"payment\":{\"kind\":\"card\",\"number\":\"1\"}}",
                "{\"id\":\"1\",\"status\":\"NEW\",\"lines\":[],\"payment\":{\"company\":\"a\",\"kind\":\"Invoice\"}}"
            })
    void the_schema_accepts_messages_that_the_codec_accepts(String json) {
        assertThat(message("place.request").validate(json, InputFormat.JSON)).isEmpty();
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        var codec = new JsonCodec(CONTRACT.name(), CONTRACT.operation("place").orElseThrow());
        assertThat(codec.readRequest(bytes, 0, bytes.length)).hasSize(1);
    }

    @Test
    void the_openapi_document_is_valid() throws Exception {
        assertThat(Node.run("openapi.mjs", OpenApi.of(CONTRACT)))
                .containsExactly("{\"valid\":true,\"version\":\"3.1\",\"errors\":[]}");
        assertThat(Node.run("openapi.mjs", OpenApi.of(CONTRACT).replace("requestBody", "requestBodi")))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("\"valid\":false"));
    }

    @Test
    void the_openapi_document_describes_the_contract() {
        var document = (Map<?, ?>) Json.read(OpenApi.of(CONTRACT));
        assertThat(at(document, "info", "title")).isEqualTo("shop.Orders");
        assertThat(at(document, "info", "description")).isEqualTo("Accepts orders and returns them.");
        assertThat(at(document, "paths", "/shop.Orders/get", "post", "description"))
                .isEqualTo("Returns an order.");
        assertThat(at(document, "paths", "/shop.Orders/get", "post", "x-treaty-idempotent"))
                .isEqualTo(true);
        assertThat(at(document, "paths", "/shop.Orders/place", "post", "x-treaty-idempotent"))
                .isEqualTo(false);
        assertThat(at(
                        document,
                        "paths",
                        "/shop.Orders/place",
                        "post",
                        "responses",
                        "default",
                        "content",
                        "application/json",
                        "schema",
                        "$ref"))
                .isEqualTo("#/components/schemas/connect.Error");
        assertThat(at(document, "components", "schemas", "OrderId", "properties", "id", "description"))
                .isEqualTo("As returned by place.");
        assertThat(at(document, "components", "schemas", "Holders", "properties", "size", "default"))
                .isEqualTo(20);
        assertThat(at(document, "components", "schemas", "Holders", "required"))
                .isEqualTo(List.of("list", "set", "array", "table", "map", "counts"));
        assertThat(at(document, "components", "schemas", "Payment", "discriminator", "mapping"))
                .isEqualTo(Map.of(
                        "card", "#/components/schemas/Payment.Card",
                        "Invoice", "#/components/schemas/Payment.Invoice"));
    }

    private static Object at(Map<?, ?> document, String... path) {
        Object at = document;
        for (String name : path) {
            at = ((Map<?, ?>) at).get(name);
        }
        return at;
    }
}
