package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that end before their handlers, over real HTTP on loopback. */
@Timeout(120)
class CanceledCallsTest {
    private static final int CALLS = 1_010;

    @Contract(name = "test.Work", version = "1.0.0")
    public interface Work {
        @Idempotent
        String work(String what);

        @Idempotent
        String echo(String what);
    }

    /** A service of which one operation never returns before the test ends it. */
    private static final class Endless implements Work {
        private final boolean ignoresInterrupts;
        private final CountDownLatch released = new CountDownLatch(1);
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger interrupted = new AtomicInteger();
        private final AtomicInteger canceled = new AtomicInteger();
        private final AtomicInteger running = new AtomicInteger();

        Endless(boolean ignoresInterrupts) {
            this.ignoresInterrupts = ignoresInterrupts;
        }

        @Override
        public String work(String what) {
            begun.incrementAndGet();
            running.incrementAndGet();
            try {
                await();
            } finally {
                running.decrementAndGet();
            }
            return what;
        }

        private void await() {
            while (true) {
                try {
                    released.await();
                    return;
                } catch (InterruptedException e) {
                    interrupted.incrementAndGet();
                    if (CallContext.current().orElseThrow().canceled()) {
                        canceled.incrementAndGet();
                    }
                    if (!ignoresInterrupts) {
                        Thread.currentThread().interrupt();
                        return;
                    }
                }
            }
        }

        @Override
        public String echo(String what) {
            return what;
        }
    }

    private static Treaty open(String limits) {
        return Treaty.open(Patient.settings("server: {limits: {" + limits + "}}\n"));
    }

    /** A connection, to which the test writes itself. */
    private static Socket dial(Treaty treaty) throws IOException {
        ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();
        var socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port());
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void send(Socket socket, String operation, String header) throws IOException {
        String request = "POST /test.Work/" + operation + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: 12\r\n" + header + "\r\n{\"what\":\"a\"}";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    }

    private static int status(Treaty treaty, String operation, String header) {
        try (Socket socket = dial(treaty)) {
            send(socket, operation, header);
            String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String health(Treaty treaty) {
        try (Socket socket = dial(treaty)) {
            socket.getOutputStream()
                    .write("GET /-/health/test.Work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Queue<Integer> calls(Treaty treaty) throws InterruptedException {
        var statuses = new ConcurrentLinkedQueue<Integer>();
        var callers = new ArrayList<Thread>();
        for (int i = 0; i < CALLS; i++) {
            callers.add(Thread.startVirtualThread(
                    () -> statuses.add(status(treaty, "work", "Connect-Timeout-Ms: 500\r\n"))));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        return statuses;
    }

    @Test
    void calls_are_answered_at_their_deadlines_and_their_handlers_interrupted_W7() throws Exception {
        try (Treaty treaty = open("concurrency: {adaptive: false, limit: 50, queue: 0}")) {
            var endless = new Endless(false);
            treaty.serve(Work.class, endless);
            Queue<Integer> statuses = calls(treaty);
            assertThat(statuses).hasSize(CALLS).containsOnly(504, 429).contains(504);
            Patient.until(() -> endless.running.get() == 0);
            assertThat(endless.interrupted.get()).isEqualTo(endless.begun.get()).isPositive();
            assertThat(endless.canceled.get()).isEqualTo(endless.begun.get());
            endless.released.countDown();
            for (int i = 0; i < 60; i++) { // more than the limit: each slot is free
                assertThat(status(treaty, "work", "")).isEqualTo(200);
            }
            assertThat(health(treaty)).contains("\"passing\"");
        }
    }

    @Test
    void an_operation_whose_handlers_ignore_interrupts_is_refused_and_health_warns_W7() throws Exception {
        try (Treaty treaty = open("abandoned-max: 20, concurrency: {adaptive: false, limit: 40, queue: 0}")) {
            var endless = new Endless(true);
            treaty.serve(Work.class, endless);
            Queue<Integer> statuses = calls(treaty);
            assertThat(statuses).hasSize(CALLS).containsOnly(504, 429).contains(504);
            while (status(treaty, "work", "Connect-Timeout-Ms: 50\r\n") == 504) {
                assertThat(endless.running.get()).isLessThanOrEqualTo(20 + 40);
            }
            assertThat(endless.running.get()).isBetween(20, 20 + 40);
            assertThat(status(treaty, "work", "")).isEqualTo(429);
            assertThat(status(treaty, "echo", "")).as("another operation").isEqualTo(200);
            Patient.until(() -> health(treaty).contains("\"warning\""));
            assertThat(health(treaty)).contains("handlers ignore interrupts", " of work");
            endless.released.countDown();
            Patient.until(() -> health(treaty).contains("\"passing\""));
            assertThat(status(treaty, "work", "")).isEqualTo(200);
        }
    }

    @Test
    void a_client_that_leaves_ends_its_call_W7() throws Exception {
        aClientLeaves(CanceledCallsTest::close);
    }

    @Test
    void a_client_that_resets_its_connection_ends_its_call_W7() throws Exception {
        aClientLeaves(socket -> {
            try {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            close(socket);
        });
    }

    @Test
    void a_client_that_leaves_just_after_its_request_ends_its_call_W7() throws Exception {
        try (Treaty treaty = open("concurrency: {adaptive: false, limit: 1, queue: 0}")) {
            var endless = new Endless(false);
            treaty.serve(Work.class, endless);
            try (Socket socket = dial(treaty)) {
                send(socket, "work", "");
            }
            Patient.until(() -> endless.canceled.get() == 1);
            endless.released.countDown();
            Patient.until(() -> status(treaty, "work", "") == 200);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void aClientLeaves(Consumer<Socket> leave) throws IOException {
        try (Treaty treaty = open("concurrency: {adaptive: false, limit: 1, queue: 0}")) {
            var endless = new Endless(false);
            treaty.serve(Work.class, endless);
            Socket socket = dial(treaty);
            send(socket, "work", "");
            Patient.until(() -> endless.running.get() == 1);
            long began = System.nanoTime();
            // An end of the client's side that comes sooner is taken for the end of its request.
            Patient.until(() -> System.nanoTime() - began > 20_000_000);
            leave.accept(socket);
            Patient.until(() -> endless.running.get() == 0);
            assertThat(endless.canceled).hasValue(1);
            Patient.until(() -> status(treaty, "echo", "") == 200); // the only slot is free
        }
    }
}
