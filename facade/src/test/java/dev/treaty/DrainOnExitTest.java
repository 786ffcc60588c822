package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A process that opens Treaty in a plain {@code main} and gets {@code SIGTERM}. */
class DrainOnExitTest {
    /** What a JVM exits with after {@code SIGTERM}: 128 + 15. */
    private static final int TERMINATED = 143;

    @Contract(name = "test.Held", version = "1.0.0")
    public interface Held {
        /** Returns when the process reads a byte from its standard input. */
        String hold();
    }

    /** The process: it never closes Treaty itself. */
    public static final class Main {
        private Main() {}

        /** Serves, and prints its port and each call. */
        @SuppressWarnings("resource") // closed by the shutdown hook
        public static void main(String[] arguments) throws InterruptedException {
            Treaty treaty = Treaty.open(Patient.settings("server: {drain: 1m, drain-on-exit: " + arguments[0] + "}"));
            treaty.serve(Held.class, () -> {
                System.out.println("called");
                try {
                    return System.in.read() < 0 ? "ended" : "held";
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            System.out.println(treaty.endpoint().orElseThrow().port());
            new CountDownLatch(1).await();
        }
    }

    private final Treaty caller = Treaty.open(Patient.settings(""));
    private Process process;
    private ServiceEndpoint endpoint;

    @AfterEach
    void close() {
        process.destroyForcibly();
        caller.close();
    }

    /** Starts the process and a call, and sends {@code SIGTERM} while the call is in flight. */
    private FutureTask<String> terminateDuringCall(boolean drainOnExit) throws IOException {
        String classPath = String.join(
                File.pathSeparator,
                Path.of("target", "test-classes").toString(),
                System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path", ""));
        process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Main.class.getName(),
                        String.valueOf(drainOnExit)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output = process.inputReader();
        endpoint = new ServiceEndpoint("http", "127.0.0.1", Integer.parseInt(output.readLine()));
        var call = new FutureTask<>(() -> {
            try (var direct = caller.direct(Held.class, endpoint)) {
                return direct.client().hold();
            }
        });
        Thread.startVirtualThread(call);
        assertThat(output.readLine()).isEqualTo("called");
        process.toHandle().destroy(); // keeps its standard input open
        return call;
    }

    private boolean isDraining() {
        try {
            var page = (HttpURLConnection)
                    URI.create(endpoint + "/-/health").toURL().openConnection();
            return page.getResponseCode() == HttpURLConnection.HTTP_UNAVAILABLE;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_process_that_gets_sigterm_drains_and_ends_calls_in_flight() throws Exception {
        FutureTask<String> call = terminateDuringCall(true);
        Patient.until(this::isDraining);
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        assertThat(call.get(60, TimeUnit.SECONDS)).isEqualTo("held");
        assertThat(process.waitFor()).isEqualTo(TERMINATED);
    }

    @Test
    void draining_on_exit_can_be_disabled() throws Exception {
        FutureTask<String> call = terminateDuringCall(false);
        assertThat(process.waitFor()).isEqualTo(TERMINATED);
        assertThatThrownBy(() -> call.get(60, TimeUnit.SECONDS)).hasMessageContaining("closed the connection");
    }
}
