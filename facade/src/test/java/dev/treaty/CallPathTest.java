package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransport;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The path of one call, from the method of a typed client to the write on the socket. */
class CallPathTest {
    private static final int ELEMENTS_MAX = 20;

    /** More than the socket buffers of both sides, so that the write waits for the server to read. */
    private static final int TEXT_LENGTH = 24 << 20;

    @Contract(name = "test.Path", version = "1.0.0")
    public interface Path {
        @Idempotent
        int length(String text);
    }

    /** The machine's time, which records the stack whenever a write has to wait. */
    private static final class RecordingTime implements Time {
        private final BlockingQueue<List<StackTraceElement>> stacks = new LinkedBlockingQueue<>();

        @Override
        public Instant instant() {
            return Time.system().instant();
        }

        @Override
        public long nanoTime() {
            return Time.system().nanoTime();
        }

        @Override
        public void park(Object blocker, long nanos) {
            stacks.add(List.of(new Throwable().getStackTrace()));
            Time.system().park(blocker, nanos);
        }
    }

    @Test
    void a_call_has_at_most_20_stack_elements_between_the_client_and_the_socket() throws Exception {
        var time = new RecordingTime();
        Platform system = Platform.system();
        var platform = new Platform(
                system.time(),
                system.random(),
                system.secrets(),
                _ -> new HttpTransport(time),
                system.server(),
                system.onExit());
        List<StackTraceElement> stack;
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Treaty treaty = Treaty.open(Patient.settings(""), platform)) {
            treaty.registry()
                    .register(ServiceInstance.of(
                            "silent",
                            new ServiceName("test.Path"),
                            new Version(1, 0, 0),
                            new ServiceEndpoint("http", "127.0.0.1", server.getLocalPort()),
                            Instant.now()));
            Path client = treaty.client(Path.class);
            Thread call = Thread.ofVirtual()
                    .unstarted(() -> assertThatThrownBy(() -> client.length("x".repeat(TEXT_LENGTH)))
                            .hasMessageContaining("interrupted"));
            call.start();
            stack = time.stacks.poll(60, TimeUnit.SECONDS); // the server accepts the connection and never reads
            call.interrupt();
            call.join();
        }
        assertThat(stack).isNotNull();
        List<StackTraceElement> path = stack.stream()
                .filter(element -> element.getClassName().startsWith("dev.treaty."))
                .filter(element -> !element.getClassName().startsWith(CallPathTest.class.getName()))
                .toList();
        assertThat(path.getFirst().getMethodName()).isEqualTo("write");
        assertThat(path).hasSizeLessThanOrEqualTo(ELEMENTS_MAX);
    }
}
