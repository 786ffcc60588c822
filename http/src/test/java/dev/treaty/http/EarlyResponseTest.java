package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that respond before they have received the whole request, of which they may not read the rest. */
class EarlyResponseTest {
    /** More than the socket buffers of both sides. */
    private static final int LARGE = 24 << 20;

    private static final int ROUNDS = 20;
    private static final String NOT_READ = "HTTP/1.1 429 X\r\nContent-Type: application/json\r\nTreaty-Reached: no\r\n"
            + "Treaty-Retry: no\r\nContent-Length: 49\r\n\r\n{\"code\":\"resource_exhausted\",\"message\":\"too big\"}";
    private static final Fault TOO_BIG =
            Fault.unreached(Code.RESOURCE_EXHAUSTED, "too big").notRetryable();

    private final HttpTransport transport = new HttpTransport(HttpTransportOptions.STANDARD, Time.system());

    @AfterEach
    void close() {
        transport.close();
    }

    private static Call place(int bytes) {
        var order = new Shop.Order("x".repeat(bytes), Shop.Status.NEW, List.of(), new Shop.Card("1"));
        return new Call(
                Running.CONTRACT.name(),
                Running.CONTRACT.operation("place").orElseThrow(),
                List.of(order),
                Running.context(Duration.ofMinutes(1)));
    }

    private static Fault fault(ServiceResponse<?> response) {
        assertThat(response).isInstanceOf(ServiceResponse.Failed.class);
        return ((ServiceResponse.Failed<?>) response).fault();
    }

    private static void head(Socket socket) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) socket.getInputStream().read());
        }
    }

    @Test
    void a_response_is_read_although_the_server_resets_the_connection_while_the_request_is_sent_W4() throws Exception {
        try (var server = new FakeServer(socket -> {
            head(socket);
            FakeServer.send(socket, NOT_READ);
        })) {
            Transport.Connection connection = transport.connect(server.endpoint());
            for (int i = 1; i <= ROUNDS; i++) {
                assertThat(fault(connection.handle(place(LARGE)))).isEqualTo(TOO_BIG);
                assertThat(server.connections()).isEqualTo(i);
            }
        }
    }

    @Test
    void a_response_is_read_although_the_server_never_reads_the_request_W4() throws Exception {
        try (var server = new FakeServer(
                socket -> FakeServer.send(socket, NOT_READ), FakeServer.always(FakeServer.ok("{\"id\":\"1\"}")))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            assertThat(fault(connection.handle(place(LARGE)))).isEqualTo(TOO_BIG);
            assertThat(connection.handle(place(1)).orThrow()).isEqualTo(new Shop.OrderId("1"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 4", "HTTP/1.1 429 X\r\nContent-Length: 9\r\n\r\n", "HELLO\r\n\r\n"})
    void a_reset_without_a_whole_response_is_marked_as_reached_W4(String part) throws Exception {
        try (var server = new FakeServer(socket -> {
            head(socket);
            FakeServer.send(socket, part);
        })) {
            Fault fault = fault(transport.connect(server.endpoint()).handle(place(LARGE)));
            assertThat(fault.code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(fault.reached()).isTrue();
            assertThat(fault.message()).startsWith("the connection to " + server.endpoint() + " failed: ");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {413, 414, 431})
    void a_proxy_that_rejects_a_large_request_is_not_asked_again_W4(int status) throws Exception {
        try (var server = new FakeServer(FakeServer.always(
                "HTTP/1.1 " + status + " X\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"))) {
            Fault fault = fault(transport.connect(server.endpoint()).handle(place(1)));
            assertThat(fault.retryable()).isFalse();
            assertThat(fault.isInstanceFailure() || fault.isServiceFailure()).isFalse();
        }
    }

    @Test
    void a_fault_that_is_not_retryable_stays_so_over_the_wire_W4() throws Exception {
        try (var running = new Running()) {
            running.host(_ -> ServiceResponse.failed(TOO_BIG));
            assertThat(fault(running.connection.handle(place(1)))).isEqualTo(TOO_BIG);
        }
    }
}
