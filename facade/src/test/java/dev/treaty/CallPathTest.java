package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
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

    @Test
    void a_call_has_at_most_20_stack_elements_between_the_client_and_the_socket() throws Exception {
        List<StackTraceElement> path;
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Treaty treaty = Treaty.open(Patient.settings(""))) {
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
            Patient.until(() -> call.getState() == Thread.State.WAITING && writes(call)); // the server never reads
            path = path(call);
            call.interrupt();
            call.join();
        }
        assertThat(path).hasSizeLessThanOrEqualTo(ELEMENTS_MAX);
    }

    private static boolean writes(Thread call) {
        return path(call).stream()
                .anyMatch(element -> element.getClassName().endsWith(".SocketByteChannel")
                        && element.getMethodName().equals("write"));
    }

    /** The elements of Treaty in the stack of a thread. */
    private static List<StackTraceElement> path(Thread call) {
        return Arrays.stream(call.getStackTrace())
                .filter(element -> element.getClassName().startsWith("dev.treaty."))
                .filter(element -> !element.getClassName().startsWith(CallPathTest.class.getName()))
                .toList();
    }
}
