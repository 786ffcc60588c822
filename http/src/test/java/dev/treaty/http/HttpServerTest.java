package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.codec.Json;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server with raw requests, valid and invalid. */
class HttpServerTest {
    private final Running running =
            new Running(HttpServerOptions.STANDARD.bodyBytesMax(1_000), HttpTransportOptions.STANDARD);

    @AfterEach
    void close() {
        running.close();
    }

    /** A raw response. */
    private record Answer(int status, Map<String, String> headers, String body) {}

    private Socket dial() throws IOException {
        return dial(running);
    }

    private static Socket dial(Running other) throws IOException {
        var socket = new Socket(
                InetAddress.getLoopbackAddress(), other.server.endpoint().port());
        socket.setSoTimeout(60_000);
        return socket;
    }

    private Answer send(String request) throws IOException {
        try (var socket = dial()) {
            return exchange(socket, request);
        }
    }

    private static Answer exchange(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        var in = socket.getInputStream();
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("closed after: " + head);
            }
            head.append((char) c);
        }
        var headers = new HashMap<String, String>();
        List<String> lines = head.toString().lines().toList();
        for (String line : lines.subList(1, lines.size() - 1)) {
            headers.put(
                    line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT),
                    line.substring(line.indexOf(':') + 1).strip());
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        return new Answer(
                Integer.parseInt(lines.getFirst().substring(9, 12)), headers, new String(body, StandardCharsets.UTF_8));
    }

    private static String post(String path, String body, String... headers) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n"
                + String.join("", Stream.of(headers).map(h -> h + "\r\n").toList()) + "\r\n" + body;
    }

    static Stream<Arguments> invalidRequests() {
        String get = "/shop.Orders/get";
        String good = "{\"id\":\"42\"}";
        return Stream.of(
                rejected(
                        "malformed JSON",
                        post(get, "{\"id\":"),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get is not valid JSON: it ends in the middle"),
                rejected(
                        "not JSON at all",
                        post(get, "<xml/>"),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get is not valid JSON at line 1, column 1"),
                rejected(
                        "no body",
                        post(get, ""),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get is empty: send a JSON object"),
                rejected(
                        "wrong type",
                        post(get, "{\"id\":42}"),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get: field \"id\" must be a string, not a number"),
                rejected(
                        "missing field",
                        post(get, "{}"),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get: field \"id\" is missing"),
                rejected(
                        "unknown field",
                        post(get, "{\"id\":\"42\",\"idd\":1}"),
                        400,
                        "invalid_argument",
                        "request of shop.Orders/get: field \"idd\" is not known; the fields are id"),
                rejected(
                        "oversized body",
                        post(get, "x".repeat(1_001)),
                        429,
                        "resource_exhausted",
                        "the request is larger than the limit of 1000 bytes"),
                rejected(
                        "oversized body in chunks",
                        "POST " + get + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + "x".repeat(1_024) + "\r\n0\r\n\r\n",
                        429,
                        "resource_exhausted",
                        "the request is larger than the limit of 1000 bytes"),
                rejected(
                        "unknown operation",
                        post("/shop.Orders/gett", good),
                        404,
                        "unimplemented",
                        "shop.Orders has no operation \"gett\"; it has cancel, count, find, get, holders, last, lines,"
                                + " pay, place, scalars"),
                rejected(
                        "unknown service",
                        post("/shop.Carts/get", good),
                        404,
                        "unimplemented",
                        "no service \"shop.Carts\" is served here; there is shop.Orders"),
                rejected(
                        "no operation",
                        post("/", good),
                        404,
                        "unimplemented",
                        "no service \"\" is served here; there is shop.Orders"),
                rejected(
                        "wrong content type",
                        post(get, good).replace("application/json", "text/plain"),
                        415,
                        "unimplemented",
                        "the content type \"text/plain\" is not supported: send application/json"),
                rejected(
                        "wrong charset",
                        post(get, good).replace("application/json", "application/json; charset=latin1"),
                        415,
                        "unimplemented",
                        "the content type \"application/json; charset=latin1\" is not supported: send"
                                + " application/json"),
                rejected(
                        "no content type",
                        post(get, good).replace("Content-Type: application/json\r\n", ""),
                        415,
                        "unimplemented",
                        "the content type is missing: send application/json"),
                rejected(
                        "wrong encoding",
                        post(get, good, "Content-Encoding: br"),
                        501,
                        "unimplemented",
                        "the content encoding \"br\" is not supported: send gzip or identity"),
                rejected(
                        "wrong protocol version",
                        post(get, good, "Connect-Protocol-Version: 2"),
                        400,
                        "invalid_argument",
                        "Connect-Protocol-Version must be 1, not \"2\""),
                rejected(
                        "expired deadline",
                        post(get, good, "Connect-Timeout-Ms: 0"),
                        504,
                        "deadline_exceeded",
                        "the deadline had passed when the request arrived"),
                rejected(
                        "malformed deadline",
                        post(get, good, "Connect-Timeout-Ms: 1s"),
                        400,
                        "invalid_argument",
                        "Connect-Timeout-Ms must be a whole number of at most 10 digits, not \"1s\""),
                rejected(
                        "deadline too long to write",
                        post(get, good, "Connect-Timeout-Ms: 12345678901"),
                        400,
                        "invalid_argument",
                        "Connect-Timeout-Ms must be a whole number of at most 10 digits, not \"12345678901\""),
                rejected(
                        "wrong method",
                        "GET " + get + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        405,
                        "unimplemented",
                        "operations are called with POST"),
                rejected(
                        "wrong method for a page",
                        post("/-/health", good),
                        405,
                        "unimplemented",
                        "this page is read with GET"),
                rejected(
                        "unknown page",
                        "GET /-/helth HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        404,
                        "not_found",
                        "there is no page /-/helth"),
                rejected(
                        "not HTTP",
                        "POST  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        400,
                        "invalid_argument",
                        "the request is not well-formed HTTP/1.1"),
                rejected(
                        "no host",
                        "POST " + get + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                        400,
                        "invalid_argument",
                        "the request is not well-formed HTTP/1.1"),
                rejected(
                        "two framings",
                        post(get, good, "Transfer-Encoding: chunked"),
                        400,
                        "invalid_argument",
                        "the request is not well-formed HTTP/1.1"),
                rejected(
                        "huge headers",
                        post(get, good, "X-Big: " + "x".repeat(20_000)),
                        431,
                        "resource_exhausted",
                        "the headers are larger than this server allows"));
    }

    private static Arguments rejected(String name, String request, int status, String code, String message) {
        return Arguments.argumentSet(name, request, status, code, message);
    }

    @ParameterizedTest
    @MethodSource("invalidRequests")
    void invalid_requests_get_a_code_a_status_and_a_message(String request, int status, String code, String message)
            throws IOException {
        Answer answer = send(request);
        assertThat(answer.body()).isEqualTo(Json.text(error(code, message)));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.headers())
                .containsEntry("content-type", "application/json")
                .containsEntry("treaty-reached", "no");
    }

    private static Map<String, Object> error(String code, String message) {
        var error = new LinkedHashMap<String, Object>();
        error.put("code", code);
        error.put("message", message);
        return error;
    }

    @Test
    void a_wrong_method_gets_the_allowed_one() throws IOException {
        assertThat(send("DELETE /shop.Orders/get HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        .headers())
                .containsEntry("allow", "POST");
    }

    @Test
    void a_fault_of_the_service_is_marked_as_reached() throws IOException {
        Answer answer = send(post("/shop.Orders/get", "{\"id\":\"busy\"}"));
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.headers()).containsEntry("retry-after", "3").doesNotContainKey("treaty-reached");
        assertThat(answer.body()).isEqualTo("{\"code\":\"resource_exhausted\",\"message\":\"too many requests\"}");
    }

    @Test
    void one_connection_carries_pipelined_and_rejected_requests() throws IOException {
        try (var socket = dial()) {
            assertThat(exchange(socket, post("/shop.Orders/last", "{}")).body()).isEqualTo("{}");
            assertThat(exchange(socket, post("/shop.Orders/get", "{\"id\":1}")).status())
                    .isEqualTo(400);
            assertThat(exchange(socket, post("/shop.Carts/get", "{\"id\":1}")).status())
                    .isEqualTo(404);
            Answer first = exchange(socket, post("/shop.Orders/last", "{}") + post("/shop.Orders/count", "{}"));
            assertThat(first.body()).isEqualTo("{}");
            assertThat(exchange(socket, "").body()).contains("\\\"statuses\\\" is missing");
        }
    }

    @Test
    void expect_continue_is_answered() throws IOException {
        try (var socket = dial()) {
            String request = post("/shop.Orders/last", "{}", "Expect: 100-continue");
            assertThat(exchange(socket, request.substring(0, request.length() - 2))
                            .status())
                    .isEqualTo(100);
            assertThat(exchange(socket, "{}").status()).isEqualTo(200);
        }
    }

    @Test
    void the_encoding_identity_is_accepted() throws IOException {
        assertThat(send(post("/shop.Orders/last", "{}", "Content-Encoding: identity"))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void compressed_bodies_are_read_within_the_limit_and_written_to_clients_that_accept_them() throws IOException {
        assertThat(compressed(gzip("{}"), "").body()).isEqualTo("{}");
        assertThat(compressed("not gzip".getBytes(StandardCharsets.UTF_8), "").body())
                .contains("invalid_argument", "the request is not valid gzip");
        assertThat(compressed(gzip(" ".repeat(100_000)), "").body())
                .contains("resource_exhausted", "the decompressed request is larger than the limit of 1000 bytes");

        running.host(_ -> ServiceResponse.failed(Code.NOT_FOUND, "x".repeat(2_000)));
        for (String accepts : List.of("gzip", "br;q=1.0, gzip;q=0.5")) {
            Answer small = compressed(gzip("{}"), "Accept-Encoding: " + accepts + "\r\n");
            assertThat(small.headers()).containsEntry("content-encoding", "gzip");
        }
        for (String refuses : List.of("", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n")) {
            assertThat(compressed(gzip("{}"), refuses).headers()).doesNotContainKey("content-encoding");
        }
    }

    private static byte[] gzip(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private Answer compressed(byte[] body, String headers) throws IOException {
        try (var socket = dial()) {
            FakeServer.send(
                    socket,
                    "POST /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Encoding: gzip\r\n" + headers + "Content-Length: " + body.length + "\r\n\r\n");
            socket.getOutputStream().write(body);
            return exchange(socket, "");
        }
    }

    @Test
    void pages_of_configured_origins_may_call_services_and_read_responses() throws IOException {
        String page = "Origin: https://shop.example";
        HttpServerOptions options = HttpServerOptions.STANDARD.origins(List.of("https://shop.example"));
        try (var other = new Running(options, HttpTransportOptions.STANDARD);
                var socket = dial(other)) {
            String preflight = """
                OPTIONS /shop.Orders/last HTTP/1.1
                Host: localhost
                %s
                Access-Control-Request-Method: POST

                """.replace("\n", "\r\n");
            Answer asked = exchange(socket, preflight.formatted(page));
            assertThat(asked.status()).isEqualTo(204);
            assertThat(asked.headers())
                    .doesNotContainKey("content-length")
                    .containsEntry("access-control-allow-origin", "https://shop.example")
                    .containsEntry("access-control-allow-methods", "POST");
            assertThat(asked.headers())
                    .containsEntry("access-control-allow-headers", "*, Authorization")
                    .containsEntry("access-control-max-age", "7200")
                    .containsEntry("vary", "Origin")
                    .doesNotContainKeys("access-control-allow-credentials", "access-control-allow-private-network");
            assertThat(exchange(socket, preflight.formatted("Origin: https://evil.example"))
                            .status())
                    .isEqualTo(403);

            Answer answered = exchange(socket, post("/shop.Orders/last", "{}", page));
            assertThat(answered.headers())
                    .containsEntry("access-control-allow-origin", "https://shop.example")
                    .containsEntry("access-control-expose-headers", "*")
                    .containsEntry("vary", "Origin");
            Answer rejected = exchange(socket, post("/shop.Carts/last", "{}", page));
            assertThat(rejected.headers()).containsEntry("access-control-allow-origin", "https://shop.example");
            for (String origin : List.of("Origin: https://evil.example", "Origin: null", "X-Other: none")) {
                assertThat(exchange(socket, post("/shop.Orders/last", "{}", origin))
                                .headers())
                        .doesNotContainKey("access-control-allow-origin")
                        .containsEntry("vary", "Origin");
            }
        }
    }

    @Test
    void origins_and_the_largest_body_change_from_the_next_request_on_also_of_open_connections() throws IOException {
        String page = "Origin: https://shop.example";
        try (var other = new Running(HttpServerOptions.STANDARD, HttpTransportOptions.STANDARD);
                var socket = dial(other)) {
            assertThat(exchange(socket, post("/shop.Orders/last", "{}", page)).headers())
                    .doesNotContainKey("access-control-allow-origin");
            other.server.reconfigure(1_024, Set.of("https://shop.example"), List.of());
            assertThat(exchange(socket, post("/shop.Orders/last", "{}", page)).headers())
                    .containsEntry("access-control-allow-origin", "https://shop.example");
            String large = "{\"id\":\"" + "x".repeat(2_000) + "\"}";
            assertThat(exchange(socket, post("/shop.Orders/last", large, page)).body())
                    .contains("larger than the limit of 1024 bytes");
        }
    }

    @Test
    void a_chunked_body_is_read() throws IOException {
        assertThat(send("""
            POST /shop.Orders/count HTTP/1.1
            Host: localhost
            Content-Type: application/json
            Transfer-Encoding: chunked

            8
            {"status
            b
            es":["NEW"]
            1
            }
            0

            """.replace("\n", "\r\n")).body()).isEqualTo("{\"result\":1}");
    }

    @Test
    void the_health_page_lists_each_service_and_the_worst_status() throws IOException {
        Answer passing = send("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(passing.status()).isEqualTo(200);
        assertThat((Map<?, ?>) Json.read(passing.body())).extracting("status").isEqualTo("passing");

        var critical = new ServiceHealth(
                ServiceHealth.Status.CRITICAL,
                "the database is gone",
                Instant.parse("2026-11-24T09:30:00Z"),
                Map.of("database", "down"));
        running.server.host(
                new HostedService(Running.CONTRACT, _ -> ServiceResponse.<Object>ok("unused"), () -> critical));

        Answer all = send("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Answer one = send("GET /-/health/shop.Orders HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(all.status()).isEqualTo(503);
        assertThat(one.status()).isEqualTo(503);
        assertThat(one.body())
                .isEqualTo("{\"status\":\"critical\",\"message\":\"the database is gone\","
                        + "\"timestamp\":\"2026-11-24T09:30:00Z\",\"details\":{\"database\":\"down\"}}");
        assertThat(((Map<?, ?>) Json.read(all.body())).get("services"))
                .isEqualTo(Map.of("shop.Orders", Json.read(one.body())));
        assertThat(((Map<?, ?>) Json.read(all.body())).get("message")).isEqualTo("shop.Orders: the database is gone");
    }

    @Test
    void pages_are_served() throws IOException {
        running.server.page("/-/metrics", "text/plain", () -> "calls 1\n".getBytes(StandardCharsets.UTF_8));
        Answer answer = send("GET /-/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(answer.body()).isEqualTo("calls 1\n");
        assertThat(answer.headers()).containsEntry("content-type", "text/plain");
        assertThatThrownBy(() -> running.server.page("/metrics", "text/plain", () -> new byte[0]))
                .hasMessage("the path of a page begins with /-/, not /metrics");
    }

    @Test
    void a_raw_handler_that_fails_answers_in_text_and_tells_nothing() throws IOException {
        running.server.handle("/v1/", _ -> {
            throw new IllegalStateException("the password is secret");
        });
        Answer answer = send("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.headers()).containsEntry("content-type", "text/plain; charset=utf-8");
        assertThat(answer.body()).isEqualTo("internal error\n");
    }

    @Test
    void a_head_request_gets_no_body() throws IOException {
        try (var socket = dial()) {
            FakeServer.send(socket, "HEAD /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) socket.getInputStream().read());
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 405");
            assertThat(exchange(socket, post("/shop.Orders/last", "{}")).body()).isEqualTo("{}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Connect-Timeout-Ms: 100\r\n"})
    void an_unfinished_request_times_out(String deadline) throws Exception {
        HttpServerOptions options = deadline.isEmpty() ? shortTimeout(10) : HttpServerOptions.STANDARD;
        try (var other = new Running(options, HttpTransportOptions.STANDARD);
                var half = dial(other)) {
            String head = "POST /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + deadline + "Content-Length: 4194304\r\n\r\n{";
            half.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            if (!deadline.isEmpty()) {
                assertThat(exchange(half, "").body()).contains("the deadline passed before the request was received");
            }
            assertClosed(half);
            other.server.drain(Duration.ofDays(1)); // returns because no call is in flight
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "P", "POST /shop.Ord", "POST /shop.Orders/last HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: l"})
    void clients_with_unfinished_requests_are_disconnected_while_others_are_served(String begun) throws IOException {
        for (boolean first : new boolean[] {true, false}) {
            try (var other = new Running(shortTimeout(10), HttpTransportOptions.STANDARD);
                    var silent = dial(other)) {
                if (!first) {
                    exchange(silent, post("/shop.Orders/last", "{}"));
                }
                silent.getOutputStream().write(begun.getBytes(StandardCharsets.UTF_8));
                try (var served = dial(other)) {
                    assertThat(exchange(served, post("/shop.Orders/last", "{}")).status())
                            .isEqualTo(200);
                }
                assertClosed(silent);
            }
        }
    }

    @Test
    void clients_that_do_not_read_are_disconnected_while_others_are_served() throws IOException {
        try (var other = new Running(shortTimeout(10), HttpTransportOptions.STANDARD)) {
            // More than the socket buffers hold.
            other.server.page("/-/large", "text/plain", () -> new byte[64 << 20]);
            try (var stalled = dial(other)) {
                FakeServer.send(stalled, "GET /-/large HTTP/1.1\r\nHost: localhost\r\n\r\n");
                int status = 503; // until the only connection that is allowed has been closed
                while (status == 503) {
                    try (var served = dial(other)) {
                        status = exchange(served, post("/shop.Orders/last", "{}"))
                                .status();
                    }
                }
                assertThat(status).isEqualTo(200);
            }
        }
    }

    @Test
    void a_long_call_is_not_disconnected() throws Exception {
        var begun = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        try (var other = new Running(shortTimeout(10), HttpTransportOptions.STANDARD)) {
            other.host(_ -> {
                begun.countDown();
                end.await();
                return ServiceResponse.<Object>ok(Optional.empty());
            });
            try (var busy = dial(other)) {
                FakeServer.send(busy, post("/shop.Orders/last", "{}"));
                begun.await();
                try (var silent = dial(other)) {
                    assertClosed(silent); // a connection that was opened later
                }
                end.countDown();
                assertThat(exchange(busy, "").status()).isEqualTo(200);
            }
        }
    }

    private static HttpServerOptions shortTimeout(int connectionsMax) {
        Duration timeout = Duration.ofMillis(200);
        return HttpServerOptions.STANDARD.timeouts(timeout, timeout).connections(connectionsMax, Duration.ofHours(1));
    }

    private static void assertClosed(Socket socket) throws IOException {
        int read;
        try {
            read = socket.getInputStream().read();
        } catch (SocketException e) {
            read = -1; // reset by the server
        }
        assertThat(read).as("the connection has ended").isEqualTo(-1);
    }

    @Test
    void draining_lets_calls_end_and_rejects_new_ones() throws Exception {
        var begun = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        running.host(_ -> {
            begun.countDown();
            end.await();
            return ServiceResponse.<Object>ok(Optional.empty());
        });
        try (var busy = dial();
                var other = dial()) {
            exchange(other, "GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            busy.getOutputStream().write(post("/shop.Orders/last", "{}").getBytes(StandardCharsets.UTF_8));
            begun.await();
            Thread drain = Thread.startVirtualThread(() -> running.server.drain(Duration.ofMinutes(1)));
            Answer health = exchange(other, "GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            for (; !health.headers().containsKey("connection"); Thread.yield()) {
                health = exchange(other, "GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            assertThat(health.headers()).containsEntry("connection", "close");
            assertThat(send("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n").status())
                    .isEqualTo(503);
            Answer rejected = send(post("/shop.Orders/last", "{}"));
            assertThat(rejected.status()).isEqualTo(503);
            assertThat(rejected.headers()).containsEntry("treaty-reached", "no").containsEntry("connection", "close");
            assertThat(drain.isAlive()).isTrue();

            end.countDown();
            Answer ended = exchange(busy, "");
            assertThat(ended.status()).isEqualTo(200);
            assertThat(ended.headers()).containsEntry("connection", "close");
            drain.join();
            assertThatThrownBy(() -> send(post("/shop.Orders/last", "{}"))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void draining_waits_until_responses_have_been_written() throws Exception {
        int size = 64 << 20; // more than the socket buffers hold
        running.server.handle("/large/", _ -> new RawHandler.Answer(200, "text/plain", Map.of(), new byte[size]));
        try (var slow = dial()) {
            FakeServer.send(slow, "GET /large/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(slow.getInputStream().read()).isEqualTo('H'); // the handler has returned
            Thread drain = Thread.startVirtualThread(() -> running.server.drain(Duration.ofMinutes(1)));
            assertThat(drain.join(HttpServer.QUIET.multipliedBy(2))).isFalse();

            assertThat(slow.getInputStream().readAllBytes()).hasSizeGreaterThan(size);
            drain.join();
        }
    }

    @Test
    void a_port_in_use_is_reported() {
        int port = running.server.endpoint().port();
        assertThatThrownBy(() -> new HttpServer(
                        HttpServerOptions.STANDARD.at("127.0.0.1", port), Time.system(), RandomSource.system()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("cannot listen at 127.0.0.1:" + port)
                .hasMessageContaining("in use");
    }

    @Test
    void a_result_that_violates_the_contract_is_an_internal_error() throws IOException {
        running.host(_ -> ServiceResponse.<Object>ok(new Shop.OrderId(null)));
        Answer answer = send(post(
                "/shop.Orders/place",
                "{\"id\":\"1\",\"status\":\"NEW\",\"lines\":[],\"payment\":{\"kind\":\"card\",\"number\":\"1\"}}"));
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body())
                .isEqualTo(Json.text(
                        error(Code.INTERNAL.wire(), "response of shop.Orders/place: field \"id\" must not be null")));
    }
}
