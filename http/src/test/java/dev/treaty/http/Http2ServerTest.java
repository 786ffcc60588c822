package dev.treaty.http;

import static dev.treaty.http.RawHttp2Connection.CONTINUATION;
import static dev.treaty.http.RawHttp2Connection.DATA;
import static dev.treaty.http.RawHttp2Connection.EMPTY_OBJECT;
import static dev.treaty.http.RawHttp2Connection.END_HEADERS;
import static dev.treaty.http.RawHttp2Connection.END_STREAM;
import static dev.treaty.http.RawHttp2Connection.GO_AWAY;
import static dev.treaty.http.RawHttp2Connection.HEADERS;
import static dev.treaty.http.RawHttp2Connection.LAST;
import static dev.treaty.http.RawHttp2Connection.NONE;
import static dev.treaty.http.RawHttp2Connection.PING;
import static dev.treaty.http.RawHttp2Connection.RESET;
import static dev.treaty.http.RawHttp2Connection.SETTINGS;
import static dev.treaty.http.RawHttp2Connection.WINDOW_UPDATE;
import static dev.treaty.http.RawHttp2Connection.block;
import static dev.treaty.http.RawHttp2Connection.call;
import static dev.treaty.http.RawHttp2Connection.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The server with raw frames of HTTP/2, valid ones and floods. */
@Timeout(120)
class Http2ServerTest {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    /** The last operation returns at once; all others return when they are interrupted. */
    private Running open(HttpServerOptions options) {
        var running = new Running(options, HttpTransportOptions.STANDARD);
        running.host(call -> {
            if (!call.operation().name().equals("last")) {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    if (call.context().canceled()) {
                        interrupted.countDown();
                    }
                    throw e;
                }
            }
            return ServiceResponse.<Object>ok(Optional.empty());
        });
        return running;
    }

    private static RawHttp2Connection dial(Running running) throws IOException {
        return new RawHttp2Connection(running.server.endpoint().port());
    }

    @Test
    void draining_waits_until_a_response_has_been_written() throws Exception {
        int size = 100_000; // more than the window
        try (var running = new Running();
                var slow = dial(running)) {
            running.server.handle("/large/", _ -> new RawHandler.Answer(200, "text/plain", Map.of(), new byte[size]));
            slow.send(HEADERS, END_HEADERS | END_STREAM, 1, call("GET", "/large/"));
            int received = 0;
            while (received < 65_535) {
                received += slow.await(DATA).payload().length;
            }
            Thread drain = Thread.startVirtualThread(() -> running.server.drain(Duration.ofMinutes(1)));
            assertThat(drain.join(HttpServer.QUIET.multipliedBy(2))).isFalse();

            byte[] more = ByteBuffer.allocate(4).putInt(size).array();
            slow.send(WINDOW_UPDATE, 0, 0, more);
            slow.send(WINDOW_UPDATE, 0, 1, more);
            while (received < size) {
                received += slow.await(DATA).payload().length;
            }
            drain.join();
        }
    }

    private static void callSucceeds(Running running) throws IOException {
        try (var other = dial(running)) {
            other.send(HEADERS, END_HEADERS, 1, LAST);
            other.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
            assertThat(other.status(other.await(HEADERS))).isEqualTo("200");
        }
    }

    @Test
    void a_call_is_answered() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            connection.send(HEADERS, END_HEADERS, 1, LAST);
            connection.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
            Http2Headers headers = connection.headers(connection.await(HEADERS));
            assertThat(headers.status()).hasToString("200");
            assertThat(headers.get("content-type")).hasToString("application/json");
            RawHttp2Connection.Frame data = connection.await(DATA);
            assertThat(data.payload()).isEqualTo(EMPTY_OBJECT);
            assertThat(data.flags()).isEqualTo(END_STREAM);
        }
    }

    @Test
    void a_call_has_headers_and_trailers_in_both_directions() throws IOException {
        var sent = Headers.of("x-tenant", "acme").and("x-tenant", "b, c").and("x-key-bin", new byte[] {1});
        var seen = new AtomicReference<Headers>();
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            running.host(call -> {
                seen.set(call.context().headers());
                return ServiceResponse.<Object>ok(Optional.empty())
                        .withHeaders(sent)
                        .withTrailers(Headers.of("x-rows", "17"));
            });
            byte[] head =
                    call("POST", "/shop.Orders/last", "x-tenant", "acme", "x-tenant", "b, c", "x-key-bin", "AQ==");
            connection.send(HEADERS, END_HEADERS, 1, head);
            connection.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
            Http2Headers headers = connection.headers(connection.await(HEADERS));
            assertThat(headers.status()).hasToString("200");
            assertThat(seen.get()).isEqualTo(sent);
            assertThat(headers.getAll("x-tenant")).map(CharSequence::toString).containsExactly("acme", "b, c");
            assertThat(headers.get("x-key-bin")).hasToString("AQ");
            assertThat(headers.get("trailer-x-rows")).hasToString("17");
        }
    }

    @Test
    void trailers_are_accepted_and_head_has_no_body() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            connection.send(HEADERS, END_HEADERS, 1, LAST);
            connection.send(DATA, 0, 1, EMPTY_OBJECT);
            connection.send(HEADERS, END_HEADERS | END_STREAM, 1, block("x-any", "a"));
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
            connection.send(HEADERS, END_HEADERS | END_STREAM, 3, call("HEAD", "/-/health"));
            RawHttp2Connection.Frame head = connection.await(HEADERS);
            assertThat(connection.status(head)).isEqualTo("405");
            assertThat(head.flags() & END_STREAM).isEqualTo(END_STREAM);
        }
    }

    @Test
    void many_streams_are_answered() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 100; i++) {
                    int stream = 200 * round + 2 * i + 1;
                    connection.send(HEADERS, END_HEADERS, stream, LAST);
                    connection.send(DATA, END_STREAM, stream, EMPTY_OBJECT);
                }
                Map<String, Integer> statuses = new HashMap<>();
                for (int i = 0; i < 100; i++) {
                    statuses.merge(connection.status(connection.await(HEADERS)), 1, Integer::sum);
                }
                assertThat(statuses).isEqualTo(Map.of("200", 100));
            }
        }
    }

    @Test
    void a_call_is_answered_at_its_deadline_W7() throws Exception {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            byte[] head = call("POST", "/shop.Orders/count", "connect-timeout-ms", "50");
            connection.send(HEADERS, END_HEADERS, 1, head);
            connection.send(DATA, END_STREAM, 1, "{\"statuses\":[]}".getBytes(StandardCharsets.US_ASCII));
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("504");
            assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
            connection.send(HEADERS, END_HEADERS, 3, LAST);
            connection.send(DATA, END_STREAM, 3, EMPTY_OBJECT);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
        }
    }

    @Test
    void a_reset_stream_ends_its_call_W7() throws Exception {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            sendEndless(connection, 1);
            begun.await();
            connection.send(RESET, 0, 1, new byte[] {0, 0, 0, 8});
            assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
            connection.send(HEADERS, END_HEADERS, 3, LAST);
            connection.send(DATA, END_STREAM, 3, EMPTY_OBJECT);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
        }
    }

    @Test
    void a_client_that_leaves_ends_its_calls_W7() throws Exception {
        try (Running running = open(HttpServerOptions.STANDARD)) {
            try (var connection = dial(running)) {
                sendEndless(connection, 1);
                begun.await();
            }
            assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void sendEndless(RawHttp2Connection connection, int stream) throws IOException {
        connection.send(HEADERS, END_HEADERS, stream, call("POST", "/shop.Orders/count"));
        connection.send(DATA, END_STREAM, stream, "{\"statuses\":[]}".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void a_client_that_answers_no_ping_is_disconnected() throws Exception {
        HttpServerOptions options = HttpServerOptions.STANDARD.timeouts(Duration.ofSeconds(30), Duration.ofMillis(200));
        try (Running running = open(options);
                var connection = dial(running)) {
            sendEndless(connection, 1);
            assertThat(connection.await(PING).flags()).isZero();
            assertThat(connection.await(GO_AWAY + 100)).as("the end").isNull();
            assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_draining_server_sends_clients_elsewhere() throws Exception {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            connection.send(HEADERS, END_HEADERS, 1, LAST);
            connection.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
            Thread drain = Thread.startVirtualThread(() -> running.server.drain(Duration.ofMinutes(1)));
            assertThat(connection.await(GO_AWAY).code()).isEqualTo((int) Http2Error.NO_ERROR.code());
            drain.join();
        }
    }

    @Test
    void bodies_beyond_the_limit_are_refused() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD.bodyBytesMax(1_000));
                var connection = dial(running)) {
            connection.send(HEADERS, END_HEADERS, 1, call("POST", "/shop.Orders/last", "content-length", "1001"));
            Http2Headers announced = connection.headers(connection.await(HEADERS));
            assertThat(announced.status()).hasToString("429");
            assertThat(announced.get("treaty-reached")).hasToString("no");
            assertThat(connection.await(RESET).code()).isEqualTo((int) Http2Error.NO_ERROR.code());
            connection.send(HEADERS, END_HEADERS, 3, LAST);
            connection.send(DATA, 0, 3, new byte[1_001]);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("429");
        }
    }

    @Test
    void headers_beyond_the_limit_are_refused() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            byte[] large = call("POST", "/shop.Orders/last", "x-any", "a".repeat(16_000), "x-other", "a".repeat(300));
            byte[] first = new byte[16_000];
            byte[] rest = new byte[large.length - first.length];
            ByteBuffer.wrap(large).get(first).get(rest);
            connection.send(HEADERS, 0, 1, first);
            connection.send(CONTINUATION, END_HEADERS, 1, rest);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("431");
            connection.send(HEADERS, END_HEADERS, 3, LAST);
            connection.send(DATA, END_STREAM, 3, EMPTY_OBJECT);
            assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
        }
    }

    /** Returns the frames of one step of a flood. */
    interface Flood {
        byte[] step(int number);
    }

    private static byte[] join(byte[]... frames) {
        var all = new ByteArrayOutputStream();
        Stream.of(frames).forEach(all::writeBytes);
        return all.toByteArray();
    }

    static Stream<Arguments> floods() {
        byte[] cancel = {0, 0, 0, 8};
        byte[] zero = {0, 0, 0, 0};
        byte[] small = block("x-any", "a");
        return Stream.of(
                flood(
                        "rapid resets",
                        i -> join(frame(HEADERS, END_HEADERS, 2 * i + 1, LAST), frame(RESET, 0, 2 * i + 1, cancel))),
                flood(
                        "resets that the server is made to send",
                        i -> join(
                                frame(HEADERS, END_HEADERS, 2 * i + 1, LAST),
                                frame(WINDOW_UPDATE, 0, 2 * i + 1, zero))),
                flood(
                        "streams with invalid trailers",
                        i -> join(
                                frame(HEADERS, END_HEADERS, 2 * i + 1, LAST),
                                frame(HEADERS, END_HEADERS, 2 * i + 1, small))),
                flood("continuations", i -> i == 0 ? frame(HEADERS, 0, 1, LAST) : frame(CONTINUATION, 0, 1, small)),
                flood(
                        "empty continuations",
                        i -> i == 0 ? frame(HEADERS, 0, 1, LAST) : frame(CONTINUATION, 0, 1, NONE)),
                flood("pings", i -> frame(PING, 0, 0, new byte[8])),
                flood("settings", i -> frame(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, (byte) i, 0})),
                flood("empty data", i -> i == 0 ? frame(HEADERS, END_HEADERS, 1, LAST) : frame(DATA, 0, 1, NONE)));
    }

    private static Arguments flood(String name, Flood flood) {
        return Arguments.argumentSet(name, flood);
    }

    @ParameterizedTest
    @MethodSource("floods")
    void a_flood_closes_its_connection_and_no_other(Flood flood) throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD);
                var other = dial(running);
                var connection = dial(running)) {
            assertThat(stepsUntilClosed(connection, flood)).isLessThan(STEPS_MAX);
            other.send(HEADERS, END_HEADERS, 1, LAST);
            other.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
            assertThat(other.status(other.await(HEADERS))).isEqualTo("200");
            callSucceeds(running);
        }
    }

    private static final int STEPS_MAX = 3_000_000;
    private static final int STEPS = 100;

    /** Writes, but reads nothing. */
    private static int stepsUntilClosed(RawHttp2Connection connection, Flood flood) {
        for (int i = 0; i < STEPS_MAX; i += STEPS) {
            int first = i;
            byte[] frames = join(
                    IntStream.range(first, first + STEPS).mapToObj(flood::step).toArray(byte[][]::new));
            try {
                connection.send(frames);
            } catch (IOException e) {
                return i;
            }
        }
        return STEPS_MAX;
    }

    @Test
    void a_client_that_never_opens_its_window_is_reset_while_others_are_served() throws IOException {
        HttpServerOptions options = HttpServerOptions.STANDARD.timeouts(Duration.ofSeconds(30), Duration.ofMillis(300));
        try (Running running = open(options);
                var connection = dial(running)) {
            connection.send(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
            for (int i = 0; i < 100; i++) {
                connection.send(HEADERS, END_HEADERS, 2 * i + 1, LAST);
                connection.send(DATA, END_STREAM, 2 * i + 1, EMPTY_OBJECT);
            }
            callSucceeds(running);
            RawHttp2Connection.Frame end = connection.await(RESET);
            assertThat(end == null || end.code() == (int) Http2Error.CANCEL.code())
                    .isTrue();
        }
    }
}
