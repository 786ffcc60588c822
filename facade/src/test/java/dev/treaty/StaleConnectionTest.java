package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that closes each connection when it has received its second request, which it does not answer. */
class StaleConnectionTest {
    private static final String ANSWER =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"result\":7}";

    @Contract(name = "test.Stale", version = "1.0.0")
    public interface Stale {
        @Idempotent
        int read();

        int write();
    }

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger requests = new AtomicInteger();
    private final Queue<DecisionRecord> records = new ConcurrentLinkedQueue<>();
    private final Queue<Event.RetryScheduled> retries = new ConcurrentLinkedQueue<>();

    StaleConnectionTest() throws IOException {
        Thread.startVirtualThread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket connection = server.accept();
                    Thread.startVirtualThread(() -> serve(connection));
                } catch (IOException _) {
                    return;
                }
            }
        });
    }

    private void serve(Socket connection) {
        try (connection) {
            receive(connection.getInputStream());
            connection.getOutputStream().write(ANSWER.getBytes(StandardCharsets.US_ASCII));
            receive(connection.getInputStream());
        } catch (IOException _) {
            // The client has closed the connection.
        }
    }

    private void receive(InputStream in) throws IOException {
        var request = new StringBuilder();
        while (!request.toString().endsWith("\r\n\r\n{}")) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("no request");
            }
            request.append((char) c);
        }
        requests.incrementAndGet();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    /** Opens a client of the server, whose first call has left an idle connection. */
    private Treaty client(String yaml) {
        Treaty treaty = Treaty.open(Patient.settings(yaml));
        treaty.registry()
                .register(ServiceInstance.of(
                        "only",
                        new ServiceName("test.Stale"),
                        new Version(1, 0, 0),
                        new ServiceEndpoint("http", "127.0.0.1", server.getLocalPort()),
                        Instant.now()));
        assertThat(treaty.client(Stale.class).read()).isEqualTo(7);
        requests.set(0);
        treaty.events().subscribe(event -> {
            switch (event) {
                case Event.RetryScheduled retry -> retries.add(retry);
                case Event.CallEnded(Side side, var call, var _)
                when side == Side.CLIENT -> records.add(call.context().record());
                default -> {}
            }
        });
        return treaty;
    }

    private static ServiceException failure(Stale stale, boolean idempotent) {
        return catchThrowableOfType(
                ServiceException.class, () -> assertThat(idempotent ? stale.read() : stale.write()));
    }

    @Test
    void a_request_is_sent_again_on_a_new_connection_as_an_attempt_that_is_budgeted_and_recorded() {
        try (Treaty treaty = client("defaults: {level: basic, retry: {budget: 0, budget-per-second: 0}}")) {
            Stale stale = treaty.client(Stale.class);
            for (int i = 1; i <= 2; i++) { // the budget begins with the two retries of one call
                assertThat(stale.read()).isEqualTo(7);
                assertThat(requests).hasValue(2 * i);
            }
            assertThat(retries).hasSize(2);
            assertThat(records).hasSize(2).allSatisfy(record -> {
                assertThat(record.attempts()).hasSize(2);
                assertThat(record.attempts().getFirst().fault()).isNotNull().satisfies(fault -> {
                    assertThat(fault.code()).isEqualTo(Code.UNAVAILABLE);
                    assertThat(fault.reached()).isTrue();
                    assertThat(fault.message()).endsWith("closed the connection without an answer");
                });
            });
            assertThat(failure(stale, true)).hasMessageContaining("not retried, because the retry budget is used up");
            assertThat(requests).hasValue(5);
        }
    }

    @Test
    void a_request_is_sent_once_if_it_is_not_idempotent_or_retries_are_turned_off() {
        for (String level : new String[] {"none", "full"}) {
            try (Treaty treaty = client("defaults: {level: " + level + "}")) {
                ServiceException failure = failure(treaty.client(Stale.class), level.equals("none"));
                assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
                assertThat(failure.fault().reached()).isTrue();
                assertThat(requests).hasValue(1);
                assertThat(retries).isEmpty();
            }
        }
    }
}
