package dev.treaty.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Immutable;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.fixtures.Shop;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

public class JsonCodecTest {
    private static final ServiceContract CONTRACT = ServiceContract.of(Shop.class);
    private static final ServiceContract DYNAMIC = CONTRACT.dynamic();

    private static final String SCALARS = """
        {"string":"ä\\"","bool":true,"tiny":-128,"small":32767,"whole":-2147483648,"big":9223372036854775807,\
        "single":1.5,"real":0.1,"huge":123456789012345678901234567890,"exact":1.50,"bytes":"AAH/",\
        "instant":"2026-11-24T09:30:00.000000001Z","date":"2026-11-24","time":"09:30:00",\
        "dateTime":"2026-11-24T09:30:00","timestamp":"2026-11-24T09:30:00+01:00","duration":"PT1.5S",\
        "uuid":"123e4567-e89b-12d3-a456-426614174000","uri":"https://example.org/a?b"}\
        """;

    private static final String HOLDERS_LEAST = """
        {"list":[],"set":[],"array":[],"table":[],"map":{},"counts":{}}\
        """;

    private static JsonCodec codec(String operation) {
        return new JsonCodec(CONTRACT.name(), operation(operation));
    }

    private static Operation operation(String name) {
        return CONTRACT.operation(name).orElseThrow();
    }

    private static byte[] utf8(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static List<Object> readRequest(String operation, String json) {
        byte[] bytes = utf8("xx" + json + "}}");
        return codec(operation).readRequest(bytes, 2, bytes.length - 4);
    }

    private static Object readResponse(String operation, String json) {
        return codec(operation).readResponse(utf8(json), 0, utf8(json).length);
    }

    private static String writeRequest(String operation, @Nullable Object... arguments) {
        var out = new ByteArrayOutputStream();
        codec(operation).writeRequest(Arrays.asList(arguments), out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String writeResponse(String operation, @Nullable Object result) {
        var out = new ByteArrayOutputStream();
        codec(operation).writeResponse(result, out);
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Results that are immutable, and results that are not. */
    @Contract(name = "test.News", version = "1.0.0")
    public interface Newspaper {
        @Immutable
        record News(List<String> lines) {}

        record Draft(List<String> lines) {}

        News news();

        Draft draft();
    }

    private static String write(JsonCodec codec, Object result) {
        var out = new ByteArrayOutputStream();
        codec.writeResponse(result, out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void an_immutable_result_is_encoded_once() {
        var contract = ServiceContract.of(Newspaper.class);
        var news = new JsonCodec(contract.name(), contract.operation("news").orElseThrow());
        var draft = new JsonCodec(contract.name(), contract.operation("draft").orElseThrow());
        var lines = new ArrayList<>(List.of("one"));
        var printed = new Newspaper.News(lines);
        var written = new Newspaper.Draft(lines);
        assertThat(write(news, printed)).isEqualTo("{\"lines\":[\"one\"]}");
        assertThat(write(draft, written)).isEqualTo("{\"lines\":[\"one\"]}");

        lines.add("two"); // a mutation of an immutable record, which shows that it is not encoded again
        assertThat(write(news, printed)).isEqualTo("{\"lines\":[\"one\"]}");
        assertThat(write(draft, written)).isEqualTo("{\"lines\":[\"one\",\"two\"]}");
        assertThat(write(news, new Newspaper.News(lines)))
                .as("another object")
                .isEqualTo("{\"lines\":[\"one\",\"two\"]}");
    }

    @Test
    void every_scalar_is_written_and_read_in_its_text_form() {
        var scalars = new Shop.Scalars(
                "ä\"",
                true,
                Byte.MIN_VALUE,
                Short.MAX_VALUE,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                1.5f,
                0.1,
                new BigInteger("123456789012345678901234567890"),
                new BigDecimal("1.50"),
                new byte[] {0, 1, -1},
                Instant.parse("2026-11-24T09:30:00.000000001Z"),
                LocalDate.of(2026, 11, 24),
                LocalTime.of(9, 30),
                LocalDateTime.of(2026, 11, 24, 9, 30),
                OffsetDateTime.parse("2026-11-24T09:30:00+01:00"),
                Duration.ofMillis(1_500),
                UUID.fromString("123e4567-e89b-12d3-a456-426614174000"),
                URI.create("https://example.org/a?b"));
        assertThat(writeRequest("scalars", scalars)).isEqualTo(SCALARS);
        assertThat(readRequest("scalars", SCALARS).getFirst())
                .usingRecursiveComparison()
                .isEqualTo(scalars);
        assertThat(readResponse("scalars", SCALARS)).usingRecursiveComparison().isEqualTo(scalars);
    }

    @Test
    void every_container_is_written_and_read() {
        var holders = new Shop.Holders(
                List.of(1, 2),
                Set.of(Shop.Status.PAID),
                new int[] {3, 4},
                new String[][] {{"a"}, {}},
                Map.of("x", new Shop.Line("tea", 1)),
                Map.of(Shop.Status.SENT, 5L),
                Optional.of(new Shop.Line("milk", 2)),
                OptionalInt.of(6),
                OptionalLong.of(7),
                OptionalDouble.of(8.5),
                "n",
                9,
                Shop.Status.PAID,
                Duration.ofHours(1));
        String json = """
            {"list":[1,2],"set":["PAID"],"array":[3,4],"table":[["a"],[]],"map":{"x":{"sku":"tea","quantity":1}},\
            "counts":{"SENT":5},"optional":{"sku":"milk","quantity":2},"optionalInt":6,"optionalLong":7,\
            "optionalDouble":8.5,"nullable":"n","size":9,"status":"PAID","patience":"PT1H"}\
            """;
        assertThat(writeRequest("holders", holders)).isEqualTo(json);
        assertThat(readRequest("holders", json).getFirst())
                .usingRecursiveComparison()
                .isEqualTo(holders);
    }

    @Test
    void an_omitted_field_is_absent_or_has_its_default() {
        var least = (Shop.Holders) readRequest("holders", HOLDERS_LEAST).getFirst();
        assertThat(least.optional()).isEmpty();
        assertThat(least.optionalInt()).isEmpty();
        assertThat(least.optionalLong()).isEmpty();
        assertThat(least.optionalDouble()).isEmpty();
        assertThat(least.nullable()).isNull();
        assertThat(least.size()).isEqualTo(20);
        assertThat(least.status()).isEqualTo(Shop.Status.NEW);
        assertThat(least.patience()).isEqualTo(Duration.ofSeconds(5));
        assertThat(writeRequest("holders", least))
                .isEqualTo(HOLDERS_LEAST.replace("}}", "},\"size\":20,\"status\":\"NEW\",\"patience\":\"PT5S\"}"));
        assertThat(readRequest("holders", HOLDERS_LEAST.replace("}}", "},\"size\":null,\"optional\":null}"))
                        .getFirst())
                .as("null is the same as omitted for optional fields")
                .usingRecursiveComparison()
                .isEqualTo(least);
    }

    @Test
    void several_parameters_and_wrapped_results_are_written_and_read() {
        assertThat(writeRequest("find", "a", Optional.empty(), 3)).isEqualTo("{\"text\":\"a\",\"most\":3}");
        assertThat(readRequest("find", "{\"text\":\"a\"}")).containsExactly("a", Optional.empty(), 10);
        assertThat(readRequest("last", "{}")).isEmpty();
        assertThat(writeResponse("last", Optional.empty())).isEqualTo("{}");
        assertThat(writeResponse("last", Optional.of(new Shop.OrderId("1")))).isEqualTo("{\"result\":{\"id\":\"1\"}}");
        assertThat(readResponse("last", "{}")).isEqualTo(Optional.empty());
        assertThat(readResponse("last", "{\"result\":{\"id\":\"1\"}}")).isEqualTo(Optional.of(new Shop.OrderId("1")));
        assertThat(writeResponse("cancel", null)).isEqualTo("{}");
        assertThat(readResponse("cancel", "{}")).isNull();
        assertThat(readResponse("count", "{}")).isEqualTo(OptionalInt.empty());
        assertThat(readResponse("lines", "{\"items\":[{\"sku\":\"a\",\"quantity\":1}],\"next\":\"b\"}"))
                .isEqualTo(new Shop.Page<>(List.of(new Shop.Line("a", 1)), Optional.of("b")));
    }

    @Test
    void the_tag_of_a_choice_may_be_any_field() {
        var invoice = new Shop.Invoice("Acme", Optional.of("r"));
        assertThat(writeRequest("pay", invoice))
                .isEqualTo("{\"payment\":{\"kind\":\"Invoice\",\"company\":\"Acme\",\"reference\":\"r\"}}");
        for (String fields : List.of(
                "\"kind\":\"Invoice\",\"company\":\"Acme\",\"reference\":\"r\"",
                "\"company\":\"Acme\",\"kind\":\"Invoice\",\"reference\":\"r\"",
                "\"reference\":\"r\",\"company\":\"Acme\",\"kind\":\"Invoice\"")) {
            assertThat(readRequest("pay", "{\"payment\":{" + fields + "}}")).containsExactly(invoice);
        }
        assertThat(readRequest("pay", "{\"payment\":{\"number\":\"1\",\"kind\":\"card\"}}"))
                .containsExactly(new Shop.Card("1"));
    }

    @Test
    void a_response_may_have_unknown_fields() {
        assertThat(readResponse("place", "{\"new\":{\"deep\":[1]},\"id\":\"1\",\"other\":null}"))
                .isEqualTo(new Shop.OrderId("1"));
    }

    public static Stream<Arguments> rejections() {
        String order = "{\"id\":\"1\",\"status\":\"NEW\",\"lines\":[{\"sku\":\"a\",\"quantity\":1},%s],"
                + "\"payment\":{\"kind\":\"card\",\"number\":\"1\"}}";
        return Stream.of(
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":\"1\"}"),
                        ": field \"lines[1].quantity\" must be a whole number (int32), not a string"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1.0}"),
                        ": field \"lines[1].quantity\" must be a whole number (int32), not a number with a fraction or"
                                + " an exponent"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":2147483648}"),
                        ": field \"lines[1].quantity\" must be a whole number from -2147483648 to 2147483647"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":99999999999999999999}"),
                        ": field \"lines[1].quantity\" must be a whole number from -2147483648 to 2147483647"),
                rejection("place", order.formatted("{\"sku\":\"a\"}"), ": field \"lines[1].quantity\" is missing"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":null,\"quantity\":1}"),
                        ": field \"lines[1].sku\" must be a string, not null"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1,\"sku\":\"b\"}"),
                        ": field \"lines[1].sku\" occurs twice"),
                rejection("place", order.formatted("null"), ": field \"lines[1]\" must be an object, not null"),
                rejection("place", order.formatted("[]"), ": field \"lines[1]\" must be an object, not a list"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1,\"price\":1}"),
                        ": field \"lines[1].price\" is not known; the fields are sku, quantity"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1}").replace("\"NEW\"", "\"new\""),
                        ": field \"status\" must be one of NEW, PAID, SENT, not \"new\""),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1}").replace("\"card\"", "\"Card\""),
                        ": field \"payment.kind\" must be one of card, Invoice, not \"Card\""),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1}").replace("\"kind\":\"card\",", ""),
                        ": field \"payment.kind\" must be one of card, Invoice"),
                rejection(
                        "place",
                        order.formatted("{\"sku\":\"a\",\"quantity\":1}")
                                .replace("\"number\"", "\"kind\":\"card\",\"number\""),
                        ": field \"payment.kind\" occurs twice"),
                rejection("pay", "{\"payment\":{}}", ": field \"payment.kind\" is missing"),
                rejection(
                        "pay",
                        "{\"payment\":{\"kind\":7,\"number\":\"1\"}}",
                        ": field \"payment.kind\" must be one of card, Invoice"),
                rejection("get", "[]", " must be an object, not a list"),
                rejection("get", "null", " must be an object, not null"),
                rejection("get", "\"x\"", " must be an object, not a string"),
                rejection("get", "{\"id\":\"1\"} {}", " continues after the end of its JSON value"),
                rejection("get", "{\"id\":\"1\"", " is not valid JSON: it ends in the middle"),
                rejection("get", "{\"id\":'1'}", " is not valid JSON at line 1, column 7"),
                rejection("get", "{\"id\":NaN}", " is not valid JSON at line 1, column 10"),
                rejection("get", "{\"id\":\"1\",}", " is not valid JSON at line 1, column 11"),
                rejection(
                        "get",
                        "{\"id\":\"\\ud83d\",\"" + "x".repeat(100) + "\":1}",
                        ": field \"" + "x".repeat(64) + "…\" is not known; the fields are id"),
                rejection(
                        "get",
                        "{\"id\":" + "[".repeat(100) + "]".repeat(100) + "}",
                        ": field \"id\" must be a string, not a list"),
                rejection(
                        "find",
                        "{\"text\":\"a\",\"most\":true}",
                        ": field \"most\" must be a whole number (int32), not a boolean"),
                rejection(
                        "holders",
                        HOLDERS_LEAST.replace("\"map\":{}", "\"map\":{\"a\":null}"),
                        ": field \"map.a\" must be an object, not null"),
                rejection(
                        "holders",
                        HOLDERS_LEAST.replace("\"table\":[]", "\"table\":[[],[1]]"),
                        ": field \"table[1][0]\" must be a string, not a number"),
                rejection(
                        "scalars",
                        SCALARS.replace("\"AAH/\"", "\"AAH\""),
                        ": field \"bytes\" must be a string in base64, not \"AAH\""),
                rejection(
                        "scalars",
                        SCALARS.replace("\"PT1.5S\"", "\"1.5s\""),
                        ": field \"duration\" must be a duration such as PT1.5S, not \"1.5s\""),
                rejection(
                        "scalars",
                        SCALARS.replace("\"09:30:00\"", "\"9:30\""),
                        ": field \"time\" must be a time of day such as 09:30:00, not \"9:30\""),
                rejection(
                        "scalars",
                        SCALARS.replace("1.50", "1e1001"),
                        ": field \"exact\" must be a number within its range"),
                rejection(
                        "scalars",
                        SCALARS.replace("0.1,", "1e999,"),
                        ": field \"real\" must be a number (float64) within its range"),
                rejection(
                        "scalars",
                        SCALARS.replace("1.50", "1".repeat(1_001)),
                        " exceeds a limit: at most 64 levels of nesting, names of 4096 and numbers of 1000"
                                + " characters"));
    }

    /** Messages that only Java types reject. */
    static Stream<Arguments> rejectionsOfJavaTypes() {
        return Stream.of(
                rejection(
                        "place",
                        "{\"id\":\"1\",\"status\":\"NEW\",\"lines\":[{\"sku\":\"a\",\"quantity\":0}],"
                                + "\"payment\":{\"kind\":\"card\",\"number\":\"1\"}}",
                        ": field \"lines[0]\" is invalid: quantity must be at least 1"),
                rejection(
                        "holders",
                        HOLDERS_LEAST.replace("\"set\":[]", "\"set\":[\"NEW\",\"NEW\"]"),
                        ": field \"set[1]\" occurs twice in a set"),
                rejection(
                        "holders",
                        HOLDERS_LEAST.replace("\"counts\":{}", "\"counts\":{\"OLD\":1}"),
                        ": field \"counts.OLD\" must be one of NEW, PAID, SENT, not \"OLD\""),
                rejection(
                        "scalars",
                        SCALARS.replace("-128", "-129"),
                        ": field \"tiny\" must be a whole number from -128 to 127"));
    }

    private static Arguments rejection(String operation, String json, String message) {
        return Arguments.of(operation, json, "request of shop.Orders/" + operation + message);
    }

    @ParameterizedTest
    @MethodSource({"rejections", "rejectionsOfJavaTypes"})
    void an_invalid_request_is_rejected_with_one_sentence(String operation, String json, String message) {
        assertThatThrownBy(() -> readRequest(operation, json))
                .isInstanceOf(MessageException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @MethodSource("rejections")
    void requests_without_java_types_are_checked_as_strictly(String operation, String json, String message) {
        assertThatThrownBy(() -> new JsonCodec(
                                CONTRACT.name(), DYNAMIC.operation(operation).orElseThrow())
                        .readRequest(utf8(json), 0, utf8(json).length))
                .hasMessage(message);
    }

    @Test
    void nesting_has_a_limit() {
        String deep = "{\"a\":" + "[".repeat(70) + "]".repeat(70) + ",\"id\":\"1\"}";
        assertThatThrownBy(() -> readResponse("place", deep))
                .hasMessage("response of shop.Orders/place exceeds a limit: at most 64 levels of nesting, names of"
                        + " 4096 and numbers of 1000 characters");
    }

    static Stream<Arguments> unwritable() {
        return Stream.of(
                Arguments.of("get", List.of(new Shop.OrderId(null)), ": field \"id\" must not be null"),
                Arguments.of(
                        "find",
                        List.of("a", Optional.empty(), "b"),
                        ": field \"most\" does not have the type of the contract"),
                Arguments.of(
                        "place",
                        List.of(new Shop.Order(
                                "1", Shop.Status.NEW, Arrays.asList(new Shop.Line("a", 1), null), new Shop.Card("1"))),
                        ": field \"lines[1]\" must not be null"));
    }

    @ParameterizedTest
    @MethodSource("unwritable")
    void invalid_arguments_are_rejected_with_one_sentence(String operation, List<Object> arguments, String message) {
        assertThatThrownBy(() -> codec(operation).writeRequest(arguments, new ByteArrayOutputStream()))
                .isInstanceOf(MessageException.class)
                .hasMessage("request of shop.Orders/" + operation + message);
    }

    @Test
    void values_that_json_does_not_have_are_rejected() {
        var codec = new JsonCodec(CONTRACT.name(), Operation.unknown("x"));
        assertThatThrownBy(() ->
                        codec.writeRequest(List.of(Map.of("a", List.of(1, Double.NaN))), new ByteArrayOutputStream()))
                .hasMessage("request of shop.Orders/x: field \"a[1]\" must be a finite number");
        assertThatThrownBy(() -> codec.writeRequest(List.of(Map.of("a", new Object())), new ByteArrayOutputStream()))
                .hasMessage("request of shop.Orders/x: field \"a\" has a value that JSON does not have: use maps,"
                        + " lists, strings, numbers and booleans");
    }

    @Test
    void requests_without_java_types_are_maps_with_defaults() {
        var codec = new JsonCodec(CONTRACT.name(), DYNAMIC.operation("holders").orElseThrow());
        byte[] json = utf8(HOLDERS_LEAST);
        assertThat(codec.readRequest(json, 0, json.length))
                .containsExactly(Map.of(
                        "list", List.of(),
                        "set", List.of(),
                        "array", List.of(),
                        "table", List.of(),
                        "map", Map.of(),
                        "counts", Map.of(),
                        "size", 20,
                        "status", "NEW",
                        "patience", "PT5S"));
    }

    @Property(tries = 300)
    void orders_are_read_as_written(@ForAll("orders") Shop.Order order) {
        String json = writeRequest("place", order);
        assertThat(readRequest("place", json)).containsExactly(order);
        assertThat(readResponse("get", json)).isEqualTo(order);
    }

    @Property(tries = 300)
    void maps_are_read_as_written(@ForAll("trees") Object tree) {
        assertThat(Json.read(Json.text(tree))).isEqualTo(tree);
        assertThat(Json.read(Json.indented(tree))).isEqualTo(tree);
        assertThat(Json.read(Json.bytes(tree))).isEqualTo(tree);
    }

    @Property(tries = 300)
    void random_input_is_read_or_rejected(@ForAll("noise") String noise) {
        try {
            assertThat(readRequest("place", noise)).hasSize(1);
        } catch (MessageException e) {
            assertThat(e.sentence())
                    .startsWith("request of shop.Orders/place")
                    .doesNotContain("jackson", "Exception", "java.", "dev.treaty");
        }
    }

    private static Arbitrary<String> text() {
        return Arbitraries.strings()
                .all()
                .ofMaxLength(20)
                .filter(s ->
                        !s.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
    }

    @Provide
    Arbitrary<Shop.Order> orders() {
        Arbitrary<Shop.Line> lines = net.jqwik.api.Combinators.combine(
                        text(), Arbitraries.integers().greaterOrEqual(1))
                .as(Shop.Line::new);
        Arbitrary<Shop.Payment> payments = Arbitraries.oneOf(
                text().map(Shop.Card::new),
                net.jqwik.api.Combinators.combine(text(), text().optional()).as(Shop.Invoice::new));
        return net.jqwik.api.Combinators.combine(
                        text(), Arbitraries.of(Shop.Status.class), lines.list().ofMaxSize(5), payments)
                .as(Shop.Order::new);
    }

    @Provide
    Arbitrary<Object> trees() {
        Arbitrary<Object> leaves = Arbitraries.oneOf(
                text().map(s -> (Object) s),
                Arbitraries.integers().map(i -> (Object) i),
                Arbitraries.of(true, false).map(b -> (Object) b),
                Arbitraries.bigDecimals().ofScale(3).map(d -> (Object) d));
        return Arbitraries.recursive(
                () -> leaves,
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(3).map(l -> (Object) l),
                        Arbitraries.maps(text(), inner).ofMaxSize(3).map(m -> (Object) m)),
                0,
                4);
    }

    @Provide
    Arbitrary<String> noise() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ":",
                        ",",
                        "\"id\"",
                        "\"lines\"",
                        "\"payment\"",
                        "\"kind\"",
                        "\"card\"",
                        "\"number\"",
                        "\"status\"",
                        "\"NEW\"",
                        "1",
                        "-",
                        "1e9",
                        "null",
                        "true",
                        "\"",
                        "\\")
                .list()
                .ofMaxSize(40)
                .map(parts -> String.join("", parts));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "\"", "\\", "\n", "\u0000", "\u007f", "ä", "€", "😀", "\ud83d"})
    void long_text_is_written_as_short_text_is(String character) {
        for (int length : List.of(0, 254, 255, 256, 257, 8_000, 100_000)) {
            String text = "a".repeat(length) + character + "b".repeat(length / 2);
            String json = writeRequest("get", new Shop.OrderId(text));
            String escaped = writeRequest("get", new Shop.OrderId(character)).replaceAll("^.*:\"|\"}+$", "");
            assertThat(json).contains("a".repeat(length) + escaped + "b".repeat(length / 2) + "\"");
            assertThat(readRequest("get", json)).containsExactly(new Shop.OrderId(text));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"c0af", "e080af", "f08080af", "eda080", "f4908080", "f5808080", "80", "c3", "ff"})
    void text_that_is_not_utf_8_is_rejected_W6(String hex) {
        byte[] bad = HexFormat.of().parseHex(hex);
        for (String json :
                List.of("{'id':'%s'}", "{'%s':'a'}", "{'id':'ä%s'}", "{'id':'" + "ä".repeat(9_000) + "%s'}")) {
            byte[] bytes = json.replace('\'', '"')
                    .replace("%s", new String(bad, StandardCharsets.ISO_8859_1))
                    .replace("ä", "\u00c3\u00a4")
                    .getBytes(StandardCharsets.ISO_8859_1);
            assertThatThrownBy(() -> codec("get").readRequest(bytes, 0, bytes.length))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("not encoded in UTF-8");
            assertThatThrownBy(() -> codec("get").readResponse(bytes, 0, bytes.length))
                    .hasMessageContaining("not encoded in UTF-8");
            assertThatThrownBy(() -> Json.read(bytes)).hasMessageContaining("not encoded in UTF-8");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e9999999999", "-1e-9999999999", "1e1001", "1e-1001"})
    void a_number_beyond_every_range_is_rejected(String number) {
        assertThatThrownBy(() -> Json.read("{\"a\":" + number + "}"))
                .isInstanceOf(MessageException.class)
                .hasMessage("the text: field \"a\" must be a number within its range");
        var contract = ServiceContract.parse("contract a 1\nget(a: decimal)");
        assertThatThrownBy(() -> request(contract, "{\"a\":" + number + "}"))
                .hasMessageContaining("must be a number within its range");
    }

    private static List<Object> request(ServiceContract contract, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return new JsonCodec(contract.name(), contract.operations().getFirst()).readRequest(bytes, 0, bytes.length);
    }

    /** Sixty types that each contain the next one twice have 2^60 paths. */
    @Test
    void a_contract_with_exponentially_many_paths_has_a_codec_R12() {
        var text = new StringBuilder("contract a 1\nget(a: R0)\n");
        for (int i = 0; i < 60; i++) {
            text.append("record R%d { a?: R%d, b?: R%d }\n".formatted(i, i + 1, i + 1));
        }
        var contract = ServiceContract.parse(text + "record R60 { a: int32 }");
        assertThat(request(contract, "{\"a\":{\"b\":{}}}")).hasToString("[{a={b={}}}]");
    }

    record Positive(int value) {
        Positive {
            if (value < 1) {
                throw new IllegalArgumentException("not\u001b[2J positive" + "!".repeat(1_000));
            }
        }
    }

    @Contract(name = "test.Positives", version = "1.0.0")
    interface Positives {
        void add(Positive positive);
    }

    @Test
    void a_message_of_a_record_is_printable_and_short_W11() {
        assertThatThrownBy(() -> request(ServiceContract.of(Positives.class), "{\"value\":0}"))
                .isInstanceOf(MessageException.class)
                .message()
                .contains("is invalid: not [2J positive!!")
                .hasSizeLessThan(500);
    }

    @Contract(name = "test.Bytes", version = "1.0.0")
    interface Bytes {
        void add(@DefaultValue("300") byte value);
    }

    @Test
    void a_default_beyond_its_java_type_is_rejected() {
        var contract = ServiceContract.of(Bytes.class);
        assertThatThrownBy(() ->
                        new JsonCodec(contract.name(), contract.operations().getFirst()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("300 is out of range");
    }
}
