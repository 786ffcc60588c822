package dev.treaty.http;

import static dev.treaty.http.RawConnection.head;
import static dev.treaty.http.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import dev.treaty.http.RawConnection.Answer;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What once stopped servers, or ran what it must not. */
@Timeout(120)
class ServerFaultsTest {
    private static final String LAST = post("/shop.Orders/last", "{}");
    private static final String CANCEL = post("/shop.Orders/cancel", "{\"id\":\"1\"}");
    private static final int MIB = 1 << 20;

    private final AtomicInteger canceled = new AtomicInteger();

    private Running open(HttpServerOptions options) {
        var running = new Running(options, HttpTransportOptions.STANDARD);
        Handler handler = call -> {
            if (call.operation().name().equals("cancel")) {
                canceled.incrementAndGet();
                return ServiceResponse.<Object>ok(null);
            }
            return ServiceResponse.<Object>ok(Optional.empty());
        };
        running.host(handler);
        return running;
    }

    private static RawConnection dial(Running running) throws IOException {
        return new RawConnection(running.server.endpoint().port());
    }

    private static void until(BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("time over the limit").isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Writes until the server has closed the connection. */
    private static Thread writes(RawConnection connection, String head, byte[] part, int parts) {
        return Thread.startVirtualThread(() -> {
            try {
                connection.send(head);
                for (int i = 0; i < parts; i++) {
                    connection.send(part);
                }
            } catch (IOException e) {
                // closed
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "too large | POST /shop.Orders/last | X-Any: a | 429",
                "unknown operation | POST /shop.Orders/none | X-Any: a | 404",
                "unknown service | POST /none/none | X-Any: a | 404",
                "wrong method | PUT /shop.Orders/last | X-Any: a | 405",
                "wrong method for a page | POST /-/health | X-Any: a | 405",
                "unknown page | GET /-/none | X-Any: a | 404",
                "HEAD | HEAD /-/health | X-Any: a | 405",
                "wrong encoding | POST /shop.Orders/last | Content-Encoding: br | 501",
                "wrong version | POST /shop.Orders/last | Connect-Protocol-Version: 2 | 400",
                "no time left | POST /shop.Orders/last | Connect-Timeout-Ms: 0 | 504",
                "wrong expectation | POST /shop.Orders/last | Expect: 200-ok | 417",
                "wrong coding | POST /shop.Orders/last | Transfer-Encoding: gzip, chunked | 400",
                "another origin | POST /treaty.Control/stop | Origin: http://evil.example | 403",
                "not well-formed | POST /shop.Orders/last | Host: other | 400",
            })
    void a_request_in_the_body_of_a_refused_one_never_runs_W1(String name, String line, String header, int status)
            throws Exception {
        byte[] part = Arrays.copyOf(CANCEL.getBytes(StandardCharsets.US_ASCII), 500_000);
        Arrays.fill(part, CANCEL.length(), part.length - CANCEL.length(), (byte) '\n');
        System.arraycopy(part, 0, part, part.length - CANCEL.length(), CANCEL.length());
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            String head = head("/x", 5_000_000, header).replace("POST /x", line);
            Thread writer = writes(connection, head, part, 10);
            Answer answer = connection.receive(line.startsWith("HEAD"));
            assertThat(answer.status()).as(name).isEqualTo(status);
            assertThat(answer.notReached()).isTrue();
            assertThat(answer.closes()).isTrue();
            assertThat(connection.ends()).isTrue();
            writer.join();
            try (var other = dial(running)) {
                assertThat(other.exchange(LAST).status()).isEqualTo(200);
            }
        }
        assertThat(canceled).hasValue(0);
    }

    @Test
    void huge_chunks_are_refused_before_they_are_held_W2() throws Exception {
        try (Running running = open(HttpServerOptions.STANDARD.bodies(4 * MIB, 32L * MIB))) {
            long before = heap();
            var connections = new ArrayList<RawConnection>();
            var writers = new ArrayList<Thread>();
            byte[] part = new byte[MIB];
            Arrays.fill(part, (byte) ' ');
            String head = LAST.replace("Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n12c00000\r\n");
            for (int i = 0; i < 3; i++) {
                RawConnection connection = dial(running);
                connections.add(connection);
                writers.add(writes(connection, head, part, 300));
            }
            for (RawConnection connection : connections) {
                Answer answer = connection.receive();
                assertThat(answer.status()).isEqualTo(429);
                assertThat(answer.notReached()).isTrue();
                assertThat(connection.ends()).isTrue();
            }
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(heap() - before).isLessThan(64L * MIB);
            try (var other = dial(running)) {
                assertThat(other.exchange(LAST).status()).isEqualTo(200);
            }
        }
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void chunk_sizes_with_a_sign_are_refused_and_extensions_and_trailers_accepted_W3() throws IOException {
        String chunked = LAST.replace("Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n");
        try (Running running = open(HttpServerOptions.STANDARD)) {
            for (String body : List.of("2;a=\"b;c\"\r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n0\r\nX-Any: a\r\n\r\n")) {
                try (var connection = dial(running)) {
                    assertThat(connection.exchange(chunked + body).status()).isEqualTo(200);
                    assertThat(connection.exchange(LAST).status()).isEqualTo(200);
                }
            }
            for (String body : List.of("+2\r\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n")) {
                try (var connection = dial(running)) {
                    Answer answer = connection.exchange(chunked + body + CANCEL);
                    assertThat(answer.status()).isEqualTo(400);
                    assertThat(connection.ends()).isTrue();
                }
            }
        }
        assertThat(canceled).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u00C0\u00AF",
                "\u00E0\u0080\u00AF",
                "\u00ED\u00A0\u0080",
                "\u00F4\u0090\u0080\u0080",
                "\u00FF",
                "\u00C3"
            })
    void invalid_utf_8_is_refused_by_servers_and_clients_W6(String latin1) throws Exception {
        String body = "{\"id\":\"a" + latin1 + "\"}";
        try (Running running = open(HttpServerOptions.STANDARD);
                var connection = dial(running)) {
            Answer answer = connection.exchange(post("/shop.Orders/cancel", body));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("is not valid JSON");
        }
        assertThat(canceled).hasValue(0);
        try (var server = new FakeServer(socket -> {
                    FakeServer.request(socket);
                    byte[] response = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                                    + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.ISO_8859_1);
                    socket.getOutputStream().write(response);
                });
                var transport = new HttpTransport(HttpTransportOptions.STANDARD, Time.system());
                var connection = transport.connect(server.endpoint())) {
            Shop shop = ServiceProxy.of(
                    Shop.class, Running.CONTRACT, connection, () -> Running.context(Duration.ofMinutes(1)));
            assertThatThrownBy(shop::last)
                    .isInstanceOf(ServiceException.class)
                    .hasMessageContaining("is not encoded in UTF-8");
        }
    }

    @Test
    void small_calls_are_answered_while_large_bodies_use_up_their_budget_W8() throws Exception {
        byte[] body = new byte[4 * MIB];
        Arrays.fill(body, (byte) ' ');
        body[0] = '{';
        body[body.length - 1] = '}';
        byte[] unfinished = Arrays.copyOf(body, body.length - 1);
        int most = 64 * 7 / 8 / 4;
        try (Running running = open(HttpServerOptions.STANDARD.bodies(body.length, 64L * MIB))) {
            var accepted = new ArrayList<RawConnection>();
            for (int i = 0; i < 59; i++) {
                RawConnection connection = dial(running);
                connection.send(head("/shop.Orders/last", body.length, "Expect: 100-continue"));
                Answer answer = connection.receive();
                if (answer.status() == 100) {
                    connection.send(unfinished);
                    accepted.add(connection);
                } else {
                    assertThat(answer.status()).isEqualTo(429);
                    assertThat(answer.notReached()).isTrue();
                    connection.close();
                }
            }
            assertThat(accepted).hasSize(most);
            try (var small = dial(running)) {
                for (int i = 0; i < 100; i++) {
                    assertThat(small.exchange(LAST).status()).isEqualTo(200);
                }
            }
            for (RawConnection connection : accepted) {
                assertThat(connection.exchange("}").status()).isEqualTo(200);
                connection.close();
            }
            Queue<Integer> statuses = calls(running, body, 100);
            assertThat(statuses).hasSize(100).containsOnly(200, 429);
            assertThat(statuses.stream().filter(status -> status == 200)).hasSizeGreaterThanOrEqualTo(most);
        }
    }

    /** Returns the statuses of concurrent calls. */
    private static Queue<Integer> calls(Running running, byte[] body, int count) throws InterruptedException {
        var statuses = new ConcurrentLinkedQueue<Integer>();
        var callers = new ArrayList<Thread>();
        for (int i = 0; i < count; i++) {
            callers.add(Thread.startVirtualThread(() -> {
                try (var connection = dial(running)) {
                    connection.send(head("/shop.Orders/last", body.length, "Expect: 100-continue"));
                    Answer answer = connection.receive();
                    if (answer.status() == 100) {
                        connection.send(body);
                        answer = connection.receive();
                    } else {
                        assertThat(answer.notReached()).isTrue();
                    }
                    statuses.add(answer.status());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        return statuses;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closed_servers_and_clients_leave_no_thread_and_no_descriptor_W10() throws IOException {
        assertNothingIsLeft(100);
    }

    @Test
    @Tag("long")
    @EnabledOnOs(OS.LINUX)
    void a_thousand_closed_servers_and_clients_leave_no_thread_no_descriptor_and_no_class_loader_W10()
            throws IOException {
        assertNothingIsLeft(1_000);
    }

    private void assertNothingIsLeft(int servers) throws IOException {
        openAndClose(10); // which loads the classes
        until(() -> threads().isEmpty());
        long descriptors = descriptors();
        long classes = classes();
        openAndClose(servers);
        until(() -> threads().isEmpty());
        until(() -> descriptors() <= descriptors + 5);
        until(() -> classes() < classes + servers / 2);
    }

    /** Returns the number of loaded classes, of which each class loader that is left over has at least one. */
    private static long classes() {
        System.gc();
        return ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
    }

    private void openAndClose(int count) {
        for (int i = 0; i < count; i++) {
            try (Running running = open(HttpServerOptions.STANDARD)) {
                assertThat(running.client().last()).isEmpty();
            }
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("treaty") || name.startsWith("globalEventExecutor"))
                .toList();
    }

    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void connections_over_the_limit_are_refused_until_others_close_R11() throws IOException {
        try (Running running = open(HttpServerOptions.STANDARD.connections(2, Duration.ofHours(1)));
                var first = dial(running)) {
            try (var second = dial(running)) {
                assertThat(first.exchange(LAST).status()).isEqualTo(200);
                assertThat(second.exchange(LAST).status()).isEqualTo(200);
                try (var third = dial(running)) {
                    Answer answer = third.exchange(LAST);
                    assertThat(answer.status()).isEqualTo(503);
                    assertThat(answer.notReached()).isTrue();
                    assertThat(answer.closes()).isTrue();
                    assertThat(third.ends()).isTrue();
                }
                assertThat(first.exchange(LAST).status()).isEqualTo(200);
            }
            until(() -> status(running.server.endpoint().port()) == 200);
        }
    }

    private static int status(int port) {
        try (var connection = new RawConnection(port)) {
            return connection.exchange(LAST).status();
        } catch (IOException e) {
            return -1;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST /shop.Ord", "POST /shop.Orders/last HTTP/1.1\r\nHost: l"})
    void a_thousand_connections_with_unfinished_requests_are_closed_while_others_are_served_W8(String begun)
            throws IOException {
        Duration timeout = Duration.ofMillis(500);
        try (Running running = open(HttpServerOptions.STANDARD.timeouts(timeout, timeout))) {
            var slow = new ArrayList<RawConnection>();
            for (int i = 0; i < 1_000; i++) {
                RawConnection connection = dial(running);
                connection.send(begun);
                slow.add(connection);
            }
            assertThat(status(running.server.endpoint().port())).isEqualTo(200);
            for (RawConnection connection : slow) {
                assertThat(connection.ends()).isTrue();
                connection.close();
            }
            assertThat(status(running.server.endpoint().port())).isEqualTo(200);
        }
    }

    /** A server in a process of its own, which prints its port. */
    static final class Main {
        private Main() {}

        public static void main(String[] arguments) throws InterruptedException {
            var running = new Running();
            System.out.println("port " + running.server.endpoint().port());
            Thread.currentThread().join();
        }
    }

    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
    void a_server_without_descriptors_is_critical_until_some_are_free_again_R11(String option) throws Exception {
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -n 400; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        String.join(
                                File.pathSeparator,
                                Path.of("target", "test-classes").toString(),
                                System.getProperty("jdk.module.path", ""),
                                System.getProperty("java.class.path", "")),
                        Main.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var out = process.inputReader()) {
            int port = out.lines()
                    .filter(line -> line.startsWith("port "))
                    .mapToInt(line -> Integer.parseInt(line.substring("port ".length())))
                    .findFirst()
                    .orElseThrow();
            try (var known = new RawConnection(port)) {
                assertThat(health(known).status()).isEqualTo(200);
                var others = new ArrayList<RawConnection>();
                for (int i = 0; i < 500; i++) { // the system accepts what the server does not
                    others.add(new RawConnection(port));
                }
                until(() -> {
                    Answer answer = health(known);
                    return answer.status() == 503 && answer.body().contains("the server cannot accept connections");
                });
                for (RawConnection other : others) {
                    other.close();
                }
                until(() -> health(known).status() == 200);
                assertThat(status(port)).isEqualTo(200);
            }
        } finally {
            process.destroyForcibly();
        }
    }

    private static Answer health(RawConnection connection) {
        try {
            return connection.exchange("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
