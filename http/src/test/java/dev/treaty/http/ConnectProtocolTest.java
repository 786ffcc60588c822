package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.codec.Json;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tables and rules of the unary Connect protocol, for both sides.
 *
 * @see <a href="https://connectrpc.com/docs/protocol">the specification</a>
 */
@Timeout(120)
class ConnectProtocolTest {
    private static final String LAST = "/shop.Orders/last";
    private static final Operation OPERATION =
            Running.CONTRACT.operation("last").orElseThrow();
    private static final String JSON = "Content-Type: application/json\r\n";

    private static final Running running = new Running();
    private static final HttpTransport transport = new HttpTransport(Time.system());

    @AfterAll
    static void close() {
        transport.close();
        running.close();
    }

    private static Call call() {
        return new Call(Running.CONTRACT.name(), OPERATION, List.of(), Running.context(Duration.ofMinutes(1)));
    }

    private static RawConnection.Answer post(String body, String... headers) throws IOException {
        try (var raw = new RawConnection(running.server.endpoint().port())) {
            return raw.exchange(RawConnection.post(LAST, body, headers));
        }
    }

    private static Fault fault(ServiceResponse<?> response) {
        assertThat(response).isInstanceOf(ServiceResponse.Failed.class);
        return ((ServiceResponse.Failed<?>) response).fault();
    }

    // ----------------------------------------------------------------------------------------------- Codes and status

    @ParameterizedTest
    @CsvSource({
        "canceled, 499",
        "unknown, 500",
        "invalid_argument, 400",
        "deadline_exceeded, 504",
        "not_found, 404",
        "already_exists, 409",
        "permission_denied, 403",
        "resource_exhausted, 429",
        "failed_precondition, 400",
        "aborted, 409",
        "out_of_range, 400",
        "unimplemented, 501",
        "internal, 500",
        "unavailable, 503",
        "data_loss, 500",
        "unauthenticated, 401"
    })
    void each_code_has_its_name_and_status_on_the_wire_and_arrives(String name, int status) throws Exception {
        Code code = Code.of(name).orElseThrow();
        try (var failing = new Running()) {
            failing.host(_ -> ServiceResponse.failed(code, "why"));
            try (var raw = new RawConnection(failing.server.endpoint().port())) {
                RawConnection.Answer answer = raw.exchange(RawConnection.post(LAST, "{}"));
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.head()).contains(JSON);
                assertThat(answer.body()).isEqualTo("{\"code\":\"" + name + "\",\"message\":\"why\"}");
            }
            assertThat(fault(failing.connection.handle(call()))).isEqualTo(Fault.of(code, "why"));
        }
    }

    @Test
    void there_are_sixteen_codes() {
        assertThat(Code.values()).hasSize(16);
        assertThat(new HashSet<>(Stream.of(Code.values()).map(Code::wire).toList()))
                .hasSize(16);
    }

    static IntStream statuses() {
        return IntStream.of(400, 401, 402, 403, 404, 405, 409, 418, 429, 451, 499, 500, 501, 502, 503, 504, 505, 520);
    }

    /** The code of a status without a Connect error, by the table of the specification. */
    private static Code expected(int status) {
        return switch (status) {
            case 400 -> Code.INTERNAL;
            case 401 -> Code.UNAUTHENTICATED;
            case 403 -> Code.PERMISSION_DENIED;
            case 404 -> Code.UNIMPLEMENTED;
            case 429, 502, 503, 504 -> Code.UNAVAILABLE;
            default -> Code.UNKNOWN;
        };
    }

    private static Fault respond(int status, String headers, String body) throws Exception {
        String response =
                "HTTP/1.1 " + status + " X\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        try (var server = new FakeServer(FakeServer.once(response))) {
            return fault(transport.connect(server.endpoint()).handle(call()));
        }
    }

    @ParameterizedTest
    @MethodSource("statuses")
    void a_status_without_a_Connect_error_has_the_code_of_the_table(int status) throws Exception {
        for (String body : List.of(
                "",
                "{}",
                "[]",
                "null",
                "{\"code\":null}",
                "{\"code\":5}",
                "{\"code\":\"unheard_of\"}",
                "{\"message\":\"no code\"}",
                "{\"code\":\"aborted\"",
                "\u0000")) {
            assertThat(respond(status, JSON, body).code()).as(body).isEqualTo(expected(status));
        }
        assertThat(respond(status, "Content-Type: text/html\r\n", "<p>{\"code\":\"aborted\"}")
                        .code())
                .isEqualTo(expected(status));
        assertThat(respond(status, "", "").code()).isEqualTo(expected(status));
        assertThat(respond(status, JSON, "{\"code\":\"aborted\"}").code())
                .as("an error takes precedence")
                .isEqualTo(Code.ABORTED);
    }

    // ------------------------------------------------------------------------------------------------------- Requests

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json | 200",
                "APPLICATION/JSON | 200",
                "application/json; charset=utf-8 | 200",
                "application/json;charset=\"UTF-8\" | 200",
                "application/json ; foo=bar; charset=utf-8 | 200",
                "application/json;charset=iso-8859-1 | 415",
                "application/json; charset=utf-8; charset=utf-16 | 415",
                "application/jsonp | 415",
                "application/proto | 415",
                "application/connect+json | 415",
                "application/x-www-form-urlencoded | 415",
                "text/json | 415",
                "text/plain; application/json | 415",
                "json | 415"
            })
    void content_types_other_than_JSON_in_UTF_8_get_415(String type, int status) throws Exception {
        try (var raw = new RawConnection(running.server.endpoint().port())) {
            String request = RawConnection.post(LAST, "{}").replace("application/json", type);
            assertThat(raw.exchange(request).status()).isEqualTo(status);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, true",
        "60000, true",
        "0000060000, true",
        "9999999999, true",
        "00000000001, false",
        "99999999999, false",
        "-1, false",
        "+1, false",
        "1.5, false",
        "1e3, false",
        "0x10, false",
        "'', false",
        "1 0, false",
        "\u0661, false"
    })
    void a_timeout_is_a_whole_number_of_at_most_ten_digits(String millis, boolean valid) throws Exception {
        RawConnection.Answer answer = post("{}", "Connect-Timeout-Ms: " + millis);
        if (valid) {
            assertThat(answer.status()).isIn(200, 504); // after one millisecond
        } else {
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("\"invalid_argument\"", "Connect-Timeout-Ms");
        }
    }

    @Test
    void the_longest_timeout_is_a_deadline_in_the_future() throws Exception {
        assertThat(post("{}", "Connect-Timeout-Ms: 9999999999").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "PATCH", "OPTIONS"})
    void other_methods_than_POST_are_answered_with_405_and_the_allowed_one(String method) throws Exception {
        try (var raw = new RawConnection(running.server.endpoint().port())) {
            var answer = raw.exchange(method + " " + LAST + "?connect=v1&encoding=json&message=%7B%7D HTTP/1.1\r\n"
                    + "Host: localhost\r\n\r\n");
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.head()).contains("\r\nAllow: POST\r\n");
            assertThat(answer.body()).contains("\"unimplemented\"");
            assertThat(raw.exchange(RawConnection.post(LAST, "{}")).status()).isEqualTo(200);
        }
    }

    private static String gzip(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource({"identity, 200", "IDENTITY, 200", "br, 501", "'gzip, gzip', 501", "deflate, 501", "x-gzip, 501"})
    void a_content_encoding_that_is_not_supported_is_unimplemented(String encoding, int status) throws Exception {
        RawConnection.Answer answer = post("{}", "Content-Encoding: " + encoding);
        assertThat(answer.status()).isEqualTo(status);
        if (status == 501) {
            assertThat(answer.body()).contains("\"unimplemented\"", "send gzip or identity");
        }
    }

    @Test
    void an_empty_body_is_not_decompressed() throws Exception {
        assertThat(post(gzip("{}"), "Content-Encoding: gzip").status()).isEqualTo(200);
        assertThat(post("", "Content-Encoding: gzip")).isEqualTo(post("", "Content-Encoding: identity"));
    }

    @ParameterizedTest
    @CsvSource({
        "gzip, true",
        "GZIP, true",
        "'br, gzip', true",
        "'gzip;q=0.5, identity', true",
        "identity, false",
        "'gzip;q=0', false",
        "'gzip;q=0.000, identity', false",
        "br, false",
        "gzipped, false"
    })
    void large_responses_are_compressed_for_clients_that_accept_gzip(String accepted, boolean compressed)
            throws Exception {
        try (var large = new Running()) {
            large.host(_ -> ServiceResponse.failed(Code.ABORTED, "x".repeat(2_000)));
            try (var raw = new RawConnection(large.server.endpoint().port())) {
                var answer = raw.exchange(RawConnection.post(LAST, "{}", "Accept-Encoding: " + accepted));
                assertThat(answer.head().contains("\r\nContent-Encoding: gzip\r\n"))
                        .isEqualTo(compressed);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- Details

    private static final FaultDetail RETRY = new FaultDetail("google.rpc.RetryInfo", new byte[] {10, 2, 8, 60});
    private static final FaultDetail FIELD = FaultDetail.text("shop.Field", "lines[0].sku ü");

    /** The shop of a typed client, all of whose operations fail. */
    private static Shop failing(Fault fault) {
        return (Shop) Proxy.newProxyInstance(Shop.class.getClassLoader(), new Class<?>[] {Shop.class}, (_, _, _) -> {
            throw new ServiceException(fault);
        });
    }

    @Test
    void details_of_a_handlers_fault_arrive_at_typed_clients_over_the_wire_and_in_memory() throws Exception {
        Fault fault = Fault.of(Code.UNAVAILABLE, "overloaded").detail(RETRY).detail(FIELD);
        Handler dispatcher = Dispatcher.of(Shop.class, Running.CONTRACT, failing(fault), (_, _) -> {});
        try (var server = new Running()) {
            server.host(dispatcher);
            assertThatThrownBy(() -> server.client().last()).isInstanceOfSatisfying(ServiceException.class, thrown -> {
                assertThat(thrown.fault()).isEqualTo(fault);
                assertThat(thrown.fault().detail("shop.Field").map(FaultDetail::text))
                        .contains("lines[0].sku ü");
                assertThat(thrown.fault().detail("shop.Other")).isEmpty();
            });
            try (var raw = new RawConnection(server.server.endpoint().port())) {
                assertThat(raw.exchange(RawConnection.post(LAST, "{}")).body())
                        .contains("{\"type\":\"google.rpc.RetryInfo\",\"value\":\"CgIIPA\"}")
                        .doesNotContain("=");
            }
        }
        Shop local =
                ServiceProxy.of(Shop.class, Running.CONTRACT, dispatcher, () -> Running.context(Duration.ofMinutes(1)));
        assertThatThrownBy(local::last)
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        thrown -> assertThat(thrown.fault()).isEqualTo(fault));
    }

    @Test
    void a_fault_that_a_handler_passes_on_keeps_its_details() throws Exception {
        Fault fault = Fault.of(Code.ABORTED, "a conflict").detail(FIELD);
        try (var last = new Running();
                var first = new Running()) {
            last.host(_ -> ServiceResponse.failed(fault));
            first.host(last.connection);
            assertThat(fault(first.connection.handle(call()))).isEqualTo(fault);
        }
    }

    private static Fault withDetails(Object details) throws Exception {
        String body = Json.text(Map.of("code", "aborted", "message", "why", "details", details));
        return respond(409, JSON, body);
    }

    @Test
    void a_client_reads_details_of_any_type_and_ignores_their_debug_form() throws Exception {
        var known = Map.of("type", "google.rpc.RetryInfo", "value", "CgIIPA", "debug", Map.of("retryDelay", "60s"));
        var padded = Map.of("type", "shop.Padded", "value", "CgIIPA==");
        var empty = Map.of("type", "shop.Empty", "value", "");
        assertThat(withDetails(List.of(known, padded, empty)).details())
                .containsExactly(
                        RETRY,
                        new FaultDetail("shop.Padded", RETRY.value()),
                        new FaultDetail("shop.Empty", new byte[0]));
    }

    @Test
    void a_client_drops_malformed_details_and_keeps_the_fault() throws Exception {
        var good = Map.of("type", "shop.Field", "value", "AA");
        String large = Base64.getEncoder().encodeToString(new byte[FaultDetail.BYTES_MAX + 1]);
        Fault fault = withDetails(List.of(
                "text",
                5,
                Map.of(),
                Map.of("type", "shop.Field"),
                Map.of("value", "AA"),
                Map.of("type", 5, "value", "AA"),
                Map.of("type", "shop.Field", "value", "&"),
                Map.of("type", "shop.Field\n", "value", "AA"),
                Map.of("type", "", "value", "AA"),
                Map.of("type", "x".repeat(257), "value", "AA"),
                Map.of("type", "shop.Field", "value", large),
                good));
        assertThat(fault).isEqualTo(Fault.of(Code.ABORTED, "why").detail(new FaultDetail("shop.Field", new byte[1])));
        assertThat(withDetails("none").details()).isEmpty();
        assertThat(withDetails(Map.of("type", "shop.Field", "value", "AA")).details())
                .isEmpty();
        assertThat(withDetails(IntStream.range(0, 1_000).mapToObj(_ -> good).toList())
                        .details())
                .hasSize(Fault.DETAILS_MAX);
    }

    @Test
    void details_are_limited_in_number_and_size() {
        assertThatThrownBy(() -> new FaultDetail("shop.Field", new byte[FaultDetail.BYTES_MAX + 1]))
                .hasMessage("the detail shop.Field has 16385 bytes: use at most 16384");
        assertThatThrownBy(() -> new FaultDetail("shop.Fi\u00e4ld", new byte[0]))
                .hasMessageContaining("1 to 256 visible ASCII characters");
        Fault full = Fault.of(Code.ABORTED, "why");
        for (int i = 0; i < Fault.DETAILS_MAX; i++) {
            full = full.detail(FIELD);
        }
        Fault most = full;
        assertThatThrownBy(() -> most.detail(FIELD)).hasMessage("a fault has at most 16 details");
        assertThat(most.message("other")
                        .notRetryable()
                        .retryAfter(Duration.ofSeconds(1))
                        .details())
                .hasSize(Fault.DETAILS_MAX);
    }
}
