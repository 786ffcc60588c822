package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import dev.treaty.http.client.SocketByteChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The client with servers that send valid, malformed and late responses. */
class HttpTransportTest {
    private static final Operation LAST = Running.CONTRACT.operation("last").orElseThrow();
    private static final Operation PLACE = Running.CONTRACT.operation("place").orElseThrow();
    private static final Shop.Order ORDER = new Shop.Order("1", Shop.Status.NEW, List.of(), new Shop.Card("1"));
    private static final String PLACED = FakeServer.ok("{\"id\":\"1\"}");
    private static final String NOTHING = FakeServer.ok("{}");

    private final HttpTransport transport = new HttpTransport(
            new HttpTransportOptions(2, 2, Duration.ofSeconds(30), Duration.ofSeconds(2), 1_000), Time.system());

    @AfterEach
    void close() {
        transport.close();
    }

    private static Call idempotent(Duration timeout) {
        return new Call(Running.CONTRACT.name(), LAST, List.of(), Running.context(timeout));
    }

    private static Call notIdempotent(Duration timeout) {
        return new Call(Running.CONTRACT.name(), PLACE, List.of(ORDER), Running.context(timeout));
    }

    private static Call idempotent() {
        return idempotent(Duration.ofMinutes(1));
    }

    private static Call notIdempotent() {
        return notIdempotent(Duration.ofMinutes(1));
    }

    private static Fault fault(ServiceResponse<?> response) {
        assertThat(response).isInstanceOf(ServiceResponse.Failed.class);
        return ((ServiceResponse.Failed<?>) response).fault();
    }

    static Stream<Arguments> goodResponses() {
        String json = "\r\nContent-Type: application/json\r\n";
        return Stream.of(
                good("plain", NOTHING),
                good("without a reason", "HTTP/1.1 200" + json + "Content-Length: 2\r\n\r\n{}"),
                good(
                        "with a charset",
                        NOTHING.replace("application/json", "Application/JSON; charset=utf-8")
                                .replace("Content-Length: ", "content-length:")),
                good("with spaces around", "HTTP/1.1 200 OK" + json + "Content-Length: \t 2 \t \r\n\r\n{}"),
                good(
                        "with the same length twice",
                        "HTTP/1.1 200 OK" + json + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
                good(
                        "in one chunk",
                        "HTTP/1.1 200 OK" + json + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
                good(
                        "in small chunks with extensions and trailers",
                        "HTTP/1.1 200 OK" + json + "Transfer-Encoding: Chunked\r\n\r\n1;a=b\r\n{\r\n01\r\n}\r\n"
                                + "0;c\r\nX-Sum: 1\r\n\r\n"),
                good("until closed", "HTTP/1.1 200 OK" + json + "\r\n{}"),
                good("of HTTP/1.0", "HTTP/1.0 200 OK" + json + "Content-Length: 2\r\n\r\n{}"),
                good(
                        "after interim responses",
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + NOTHING),
                good(
                        "with text beyond ASCII in a header",
                        "HTTP/1.1 200 \u00e4" + json + "X-Name: \u00e4\r\nContent-Length: 2\r\n\r\n{}"),
                good(
                        "with identity encoding",
                        "HTTP/1.1 200 OK" + json + "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}"));
    }

    private static Arguments good(String name, String response) {
        return Arguments.argumentSet(name, response);
    }

    @ParameterizedTest
    @MethodSource("goodResponses")
    void valid_responses_are_read(String response) throws Exception {
        try (var server = new FakeServer(FakeServer.once(response))) {
            assertThat(transport.connect(server.endpoint()).handle(idempotent()).orThrow())
                    .isEqualTo(Optional.empty());
        }
    }

    @ParameterizedTest
    @MethodSource("goodResponses")
    void valid_responses_are_read_byte_by_byte(String response) throws Exception {
        try (var server = new FakeServer(socket -> {
            FakeServer.request(socket);
            socket.setTcpNoDelay(true);
            for (int i = 0; i < response.length(); i++) {
                FakeServer.send(socket, response.substring(i, i + 1));
            }
        })) {
            assertThat(transport.connect(server.endpoint()).handle(idempotent()).orThrow())
                    .isEqualTo(Optional.empty());
        }
    }

    static Stream<Arguments> errors() {
        String head = "Content-Type: application/json\r\n";
        return Stream.of(
                error(
                        404,
                        head,
                        "{\"code\":\"not_found\",\"message\":\"no such order\",\"details\":[]}",
                        Fault.of(Code.NOT_FOUND, "no such order")),
                error(
                        503,
                        head + "Treaty-Reached: no\r\nRetry-After: 2\r\n",
                        "{\"code\":\"unavailable\",\"message\":\"later\"}",
                        Fault.unreached(Code.UNAVAILABLE, "later").retryAfter(Duration.ofSeconds(2))),
                error(
                        429,
                        head + "Retry-After: 1760000000000\r\n", // probably a timestamp
                        "{\"code\":\"resource_exhausted\",\"message\":\"later\"}",
                        Fault.of(Code.RESOURCE_EXHAUSTED, "later").retryAfter(Duration.ofDays(1))),
                error(502, "Content-Type: text/html\r\n", "<html>", Fault.of(Code.UNAVAILABLE, "HTTP status 502")),
                error(401, "", "", Fault.of(Code.UNAUTHENTICATED, "HTTP status 401")),
                error(400, head, "{\"code\":\"no_such_code\",\"message\":\"x\"}", Fault.of(Code.INTERNAL, "x")),
                error(500, head, "{\"broken", Fault.of(Code.UNKNOWN, "HTTP status 500")),
                error(302, head + "Location: /x\r\n", "", Fault.of(Code.UNKNOWN, "HTTP status 302")),
                error(204, "", "", Fault.of(Code.UNKNOWN, "HTTP status 204")),
                error(
                        200,
                        "Content-Type: text/plain\r\n",
                        "{}",
                        Fault.of(Code.UNKNOWN, "something else than application/json")),
                error(
                        200,
                        "Content-Type: application/jsonx\r\n",
                        "{}",
                        Fault.of(Code.UNKNOWN, "something else than application/json")),
                error(
                        200,
                        head,
                        "{\"result\":7}",
                        Fault.of(
                                Code.INTERNAL,
                                "response of shop.Orders/last: field \"result\" must be an object, not a number")));
    }

    private static Arguments error(int status, String headers, String body, Fault fault) {
        return Arguments.of(
                "HTTP/1.1 " + status + " X\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body,
                fault);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void error_responses_become_faults_and_the_connection_is_kept(String response, Fault fault) throws Exception {
        try (var server = new FakeServer(FakeServer.always(response))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            for (int i = 0; i < 2; i++) {
                Fault got = fault(connection.handle(idempotent()));
                assertThat(got.message()).endsWith(fault.message());
                assertThat(got.message(fault.message())).isEqualTo(fault);
            }
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void requests_follow_the_connect_protocol() throws Exception {
        var seen = new ArrayList<String>();
        try (var server = new FakeServer(socket -> {
            seen.add(FakeServer.request(socket));
            FakeServer.send(socket, PLACED);
        })) {
            CallContext context = Running.context(Duration.ofSeconds(10), Headers.of("x-a", "b"))
                    .attempt(2);
            transport
                    .connect(server.endpoint())
                    .handle(new Call(Running.CONTRACT.name(), PLACE, List.of(ORDER), context))
                    .orThrow();
            assertThat(seen)
                    .singleElement()
                    .satisfies(request -> assertThat(request)
                            .matches("(?s)POST /shop.Orders/place HTTP/1.1\r\nHost: "
                                    + server.endpoint().authority()
                                    + "\r\nContent-Type: application/json\r\nConnect-Protocol-Version: 1\r\n"
                                    + "Connect-Timeout-Ms: \\d{4,5}\r\ntraceparent: "
                                    + context.trace().header()
                                    + "\r\n"
                                    + "Treaty-Caller: tests\r\n"
                                    + "Treaty-Attempt: 2\r\n"
                                    + "x-a: b\r\n"
                                    + "Content-Length: 75\r\n\r\n"
                                    + "\\{\"id\".{69}\\}"));
        }
    }

    @Test
    void a_refused_connection_is_marked_as_unreached() throws Exception {
        ServiceEndpoint nowhere;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nowhere = new ServiceEndpoint("http", "127.0.0.1", socket.getLocalPort());
        }
        Fault fault = fault(transport.connect(nowhere).handle(notIdempotent()));
        assertThat(fault.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(fault.reached()).isFalse();
        assertThat(fault.message()).isEqualTo("no connection to " + nowhere + ": Connection refused");
    }

    @Test
    void a_connection_closed_without_a_response_is_marked_as_reached() throws Exception {
        try (var server = new FakeServer(FakeServer.once(""))) {
            assertThat(fault(transport.connect(server.endpoint()).handle(idempotent())))
                    .isEqualTo(
                            Fault.of(Code.UNAVAILABLE, server.endpoint() + " closed the connection without an answer"));
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void a_closed_idle_connection_is_replaced() throws Exception {
        var closed = new CountDownLatch(1);
        try (var server = new FakeServer(
                socket -> {
                    FakeServer.request(socket);
                    FakeServer.send(socket, PLACED);
                    socket.close();
                    closed.countDown();
                },
                FakeServer.always(PLACED))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(notIdempotent()).orThrow();
            closed.await();
            assertThat(connection.handle(notIdempotent()).succeeded()).isTrue();
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void a_request_on_a_closing_connection_is_sent_once_and_marked_as_reached() throws Exception {
        for (Call call : List.of(idempotent(), notIdempotent())) {
            try (var server = new FakeServer(
                    socket -> {
                        FakeServer.request(socket);
                        FakeServer.send(socket, call.operation().idempotent() ? NOTHING : PLACED);
                        FakeServer.request(socket);
                    },
                    FakeServer.always(NOTHING))) {
                Transport.Connection connection = transport.connect(server.endpoint());
                connection.handle(call).orThrow();
                assertThat(fault(connection.handle(call)))
                        .isEqualTo(Fault.of(
                                Code.UNAVAILABLE, server.endpoint() + " closed the connection without an answer"));
                assertThat(server.connections()).isEqualTo(1);
            }
        }
    }

    @Test
    void a_request_is_never_sent_again_after_a_response_began() throws Exception {
        try (var server = new FakeServer(
                socket -> {
                    FakeServer.request(socket);
                    FakeServer.send(socket, NOTHING);
                    FakeServer.request(socket);
                    FakeServer.send(socket, "HTTP/1.1 2");
                },
                FakeServer.always(NOTHING))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(idempotent()).orThrow();
            assertThat(fault(connection.handle(idempotent())).reached()).isTrue();
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void an_invalid_operation_name_is_not_sent() throws Exception {
        try (var server = new FakeServer(FakeServer.always(NOTHING))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            for (String name :
                    List.of("", "a b", "a/b", "a?b", "a%20", "a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b", "a\n")) {
                var call = new Call(
                        Running.CONTRACT.name(),
                        Operation.unknown(name),
                        List.of(Map.of()),
                        Running.context(Duration.ofMinutes(1)));
                Fault rejected = fault(connection.handle(call));
                assertThat(rejected.code()).isEqualTo(Code.INVALID_ARGUMENT);
                assertThat(rejected.reached()).isFalse();
                assertThat(rejected.message())
                        .endsWith("is not the name of an operation")
                        .doesNotContain("\n");
            }
            assertThat(server.connections()).isZero();
        }
    }

    @Test
    void unexpected_data_closes_the_connection() throws Exception {
        try (var server = new FakeServer(FakeServer.always(NOTHING + NOTHING))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(idempotent()).orThrow();
            connection.handle(idempotent()).orThrow();
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void connection_close_is_respected() throws Exception {
        String last = NOTHING.replace("\r\n\r\n", "\r\nConnection: foo , Close\r\n\r\n");
        try (var server = new FakeServer(FakeServer.always(last))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(idempotent()).orThrow();
            connection.handle(idempotent()).orThrow();
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    private static void assertEndedAtDeadline(Call call, ServiceResponse<?> response, Fault expected) {
        assertThat(fault(response)).isEqualTo(expected);
        assertThat(call.context().deadline().expired(Time.system())).isTrue();
    }

    /**
     * Sends a call whose deadline passes while it waits; a call that was not sent in time is repeated with more time.
     */
    private void assertWaitEndsAtDeadline(FakeServer server, Function<Duration, Call> call, Duration timeout)
            throws Exception {
        Transport.Connection connection = transport.connect(server.endpoint());
        Call made = call.apply(timeout);
        ServiceResponse<?> response = connection.handle(made);
        if (!fault(response).reached() && timeout.toMinutes() < 1) {
            assertWaitEndsAtDeadline(server, call, timeout.multipliedBy(4));
            return;
        }
        assertEndedAtDeadline(
                made,
                response,
                Fault.of(Code.DEADLINE_EXCEEDED, "no answer of " + server.endpoint() + " within the deadline"));
    }

    @Test
    void the_deadline_ends_the_wait_for_a_silent_server() throws Exception {
        try (var server = new FakeServer(socket -> new CountDownLatch(1).await())) {
            assertWaitEndsAtDeadline(server, HttpTransportTest::idempotent, Duration.ofMillis(300));
        }
    }

    @Test
    void the_deadline_ends_the_wait_for_a_slow_response() throws Exception {
        try (var server = new FakeServer(socket -> {
            FakeServer.request(socket);
            FakeServer.send(socket, "HTTP/1.1 200 OK\r\nX: ");
            while (true) {
                FakeServer.send(socket, "x");
                Time.system().sleep(1_000_000);
            }
        })) {
            assertWaitEndsAtDeadline(server, HttpTransportTest::idempotent, Duration.ofMillis(300));
        }
    }

    @Test
    void the_deadline_ends_the_wait_for_a_server_that_does_not_read() throws Exception {
        try (var server = new FakeServer(socket -> new CountDownLatch(1).await())) {
            var huge = new Shop.Order("x".repeat(40 << 20), Shop.Status.NEW, List.of(), new Shop.Card("1"));
            assertWaitEndsAtDeadline(
                    server,
                    timeout -> new Call(Running.CONTRACT.name(), PLACE, List.of(huge), Running.context(timeout)),
                    Duration.ofSeconds(2));
        }
    }

    @Test
    void the_deadline_ends_a_name_lookup() throws Exception {
        var lookup = new CountDownLatch(1);
        var somewhere = new ServiceEndpoint("http", "somewhere.test", 80);
        assertThatThrownBy(() -> SocketByteChannel.address(
                        somewhere,
                        (host, port) -> {
                            await(lookup);
                            return InetSocketAddress.createUnresolved(host, port);
                        },
                        Deadline.after(Duration.ofMillis(50), Time.system()),
                        Time.system()))
                .isInstanceOf(SocketTimeoutException.class);
        lookup.countDown();
        var here = new ServiceEndpoint("http", "localhost", 80);
        assertThat(SocketByteChannel.address(
                                here,
                                InetSocketAddress::new,
                                Deadline.after(Duration.ofMinutes(1), Time.system()),
                                Time.system())
                        .getAddress()
                        .isLoopbackAddress())
                .isTrue();
    }

    @Test
    void a_name_lookup_that_fails_is_made_once_and_the_name_is_unresolved_G1() throws Exception {
        var lookups = new AtomicInteger();
        InetSocketAddress address = SocketByteChannel.address(
                new ServiceEndpoint("http", "somewhere.test", 80),
                (_, _) -> {
                    lookups.incrementAndGet();
                    throw new AssertionError("broken");
                },
                Deadline.after(Duration.ofMinutes(1), Time.system()),
                Time.system());
        assertThat(address.isUnresolved()).isTrue();
        assertThat(lookups).hasValue(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void the_deadline_ends_connecting() throws Exception {
        try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var fill = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 3; i++) {
                    var socket = new Socket();
                    fill.add(socket);
                    try {
                        socket.connect(full.getLocalSocketAddress(), 50);
                    } catch (IOException e) {
                        break;
                    }
                }
                var endpoint = new ServiceEndpoint("http", "127.0.0.1", full.getLocalPort());
                Call call = idempotent(Duration.ofMillis(500));
                assertEndedAtDeadline(
                        call,
                        transport.connect(endpoint).handle(call),
                        Fault.unreached(
                                Code.DEADLINE_EXCEEDED, "no connection to " + endpoint + " within the deadline"));
            } finally {
                for (Socket socket : fill) {
                    socket.close();
                }
            }
        }
    }

    @Test
    void a_call_after_its_deadline_sends_nothing() throws Exception {
        try (var server = new FakeServer(FakeServer.always(NOTHING))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(idempotent()).orThrow();
            assertThat(fault(connection.handle(idempotent(Duration.ZERO))).code())
                    .isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(fault(connection.handle(idempotent(Duration.ZERO))).reached())
                    .isFalse();
        }
    }

    @Test
    void a_late_response_is_never_read_by_the_next_call() throws Exception {
        var late = new CountDownLatch(1);
        try (var server = new FakeServer(
                socket -> {
                    FakeServer.request(socket);
                    FakeServer.send(socket, PLACED);
                    FakeServer.request(socket);
                    late.await();
                    FakeServer.send(socket, FakeServer.ok("{\"id\":\"late\"}"));
                },
                FakeServer.always(PLACED))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            connection.handle(notIdempotent()).orThrow();
            Fault timedOut;
            Duration timeout = Duration.ofMillis(100);
            do { // until the time is long enough to send it
                timeout = timeout.multipliedBy(3);
                timedOut = fault(connection.handle(notIdempotent(timeout)));
            } while (!timedOut.reached() && timeout.toMinutes() < 1);
            assertThat(timedOut.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            late.countDown();
            assertThat(connection.handle(notIdempotent()).orThrow()).isEqualTo(new Shop.OrderId("1"));
        }
    }

    @Test
    void an_interrupt_ends_the_call_on_every_kind_of_thread() throws Exception {
        for (Thread.Builder kind : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
            var received = new CountDownLatch(1);
            try (var server = new FakeServer(socket -> {
                FakeServer.request(socket);
                received.countDown();
                new CountDownLatch(1).await();
            })) {
                Transport.Connection connection = transport.connect(server.endpoint());
                var task = new FutureTask<>(() -> connection.handle(idempotent(Duration.ofMinutes(5))));
                Thread thread = kind.start(task);
                received.await();
                thread.interrupt();
                assertThatThrownBy(task::get)
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(InterruptedException.class);
                thread.join();
            }
        }
    }

    @Test
    void calls_wait_for_a_connection_until_their_deadline() throws Exception {
        var received = new CountDownLatch(2);
        var answer = new CountDownLatch(1);
        try (var server = new FakeServer(socket -> {
            while (true) {
                FakeServer.request(socket);
                received.countDown();
                answer.await();
                FakeServer.send(socket, NOTHING);
            }
        })) {
            Transport.Connection connection = transport.connect(server.endpoint());
            var busy = new ArrayList<FutureTask<ServiceResponse<?>>>();
            for (int i = 0; i < 2; i++) {
                busy.add(start(connection, idempotent()));
            }
            received.await();
            Call queued = idempotent(Duration.ofMillis(500));
            assertEndedAtDeadline(
                    queued,
                    connection.handle(queued),
                    Fault.unreached(
                            Code.DEADLINE_EXCEEDED,
                            "all 2 connections to " + server.endpoint() + " were in use until the deadline"));

            busy.add(start(connection, idempotent()));
            answer.countDown();
            for (var task : busy) {
                assertThat(task.get().succeeded()).isTrue();
            }
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    private static FutureTask<ServiceResponse<?>> start(Transport.Connection connection, Call call) {
        var task = new FutureTask<ServiceResponse<?>>(() -> connection.handle(call));
        Thread.startVirtualThread(task);
        return task;
    }

    @Test
    void many_callers_share_few_connections() throws Exception {
        try (var server = new FakeServer(FakeServer.always(NOTHING))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            var calls = new ArrayList<FutureTask<ServiceResponse<?>>>();
            for (int i = 0; i < 200; i++) {
                calls.add(start(connection, idempotent()));
            }
            for (var call : calls) {
                assertThat(call.get().succeeded()).isTrue();
            }
            assertThat(server.connections()).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void closing_lets_calls_end_and_rejects_new_ones() throws Exception {
        var received = new CountDownLatch(1);
        var answer = new CountDownLatch(1);
        try (var server = new FakeServer(socket -> {
            FakeServer.request(socket);
            received.countDown();
            answer.await();
            FakeServer.send(socket, NOTHING);
        })) {
            Transport.Connection connection = transport.connect(server.endpoint());
            var busy = start(connection, idempotent());
            received.await();
            connection.close();
            assertThat(fault(connection.handle(idempotent())))
                    .isEqualTo(
                            Fault.unreached(Code.UNAVAILABLE, "the connection to " + server.endpoint() + " is closed"));
            answer.countDown();
            assertThat(busy.get().succeeded()).isTrue();
        }
    }

    @Test
    void closing_the_transport_ends_calls_in_flight() throws Exception {
        var received = new CountDownLatch(1);
        try (var server = new FakeServer(socket -> {
            FakeServer.request(socket);
            received.countDown();
            new CountDownLatch(1).await();
        })) {
            var busy = start(transport.connect(server.endpoint()), idempotent());
            received.await();
            transport.close();
            assertThat(fault(busy.get()).code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(fault(busy.get()).reached()).isTrue();
        }
    }

    @Test
    void idle_connections_expire() throws Exception {
        var options = new HttpTransportOptions(2, 2, Duration.ofNanos(1), Duration.ofSeconds(2), 1_000);
        try (var expiring = new HttpTransport(options, Time.system());
                var server = new FakeServer(FakeServer.always(NOTHING))) {
            Transport.Connection connection = expiring.connect(server.endpoint());
            connection.handle(idempotent()).orThrow();
            connection.handle(idempotent()).orThrow();
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void invalid_limits_are_rejected() {
        assertThatThrownBy(() -> new HttpTransportOptions(0, 1, Duration.ofSeconds(1), Duration.ofSeconds(1), 1))
                .hasMessage("connectionsMax must be at least 1, not 0");
        assertThatThrownBy(() -> HttpServerOptions.STANDARD.at("127.0.0.1", 70_000))
                .hasMessage("port must be from 0 to 65535, not 70000");
        assertThat(Deadline.MAX).isLessThanOrEqualTo(Duration.ofMillis(9_999_999_999L));
    }
}
