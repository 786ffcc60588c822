package dev.treaty.cli.attacks;

import static dev.treaty.cli.attacks.SecureSystem.status;
import static dev.treaty.cli.attacks.SecureSystem.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Treaty;
import dev.treaty.cli.attacks.SecureSystem.Payments;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of the call path under attack, with security on. */
@Tag("long")
class SecuredFaultsTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private static Path directory;

    private static final AtomicInteger PAID = new AtomicInteger();
    private static final AtomicInteger INTERRUPTED = new AtomicInteger();

    private static SecureSystem system;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        system = new SecureSystem(directory);
        Treaty served = system.open("shop.Payments");
        served.serve(Payments.class, new Payments() {
            @Override
            public String pay(String text) {
                if (text.equals("for ever")) {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        INTERRUPTED.incrementAndGet();
                    }
                }
                PAID.incrementAndGet();
                return "paid";
            }

            @Override
            public String refund(String text) {
                return text;
            }
        });
        port = served.endpoint().orElseThrow().port();
    }

    @AfterAll
    static void stop() throws Exception {
        system.close();
    }

    private static String head(String path, long length) {
        return "POST " + path
                + " HTTP/1.1\r\n"
                + "Host: localhost\r\n"
                + "Connection: close\r\n"
                + "Content-Type: application/json\r\n"
                + "Content-Length: "
                + length + "\r\n\r\n";
    }

    @Test
    void a_request_in_the_body_of_a_refused_one_is_not_run_W1() throws Exception {
        String inner = SecureSystem.request("POST", "/shop.Payments/pay", "{\"text\":\"smuggled\"}");
        int before = PAID.get();
        for (String path : List.of("/shop.Payments/refund", "/shop.Payments/none", "/none.Such/pay", "/-/status")) {
            for (long length : new long[] {2L * inner.length(), 3 * MIB, 5 * MIB, 100L * MIB, Integer.MAX_VALUE}) {
                try (Socket socket = system.connect(port, "shop.Cart")) {
                    String answer = SecureSystem.exchange(socket, head(path, length) + inner + inner);
                    assertThat(status(answer))
                            .as("%s, %d: %s", path, length, answer)
                            .isBetween(400, 499);
                    assertThat(answer.indexOf("HTTP/1.1", 1))
                            .as("a second answer: %s", answer)
                            .isNegative();
                }
            }
        }
        assertThat(PAID.get()).as("payments").isEqualTo(before);
    }

    @Test
    void a_denied_caller_is_answered_before_its_body_is_sent_W1() throws Exception {
        for (String identity : List.of("", "shop.Web")) {
            try (Socket socket = system.connect(port, identity)) {
                String answer = SecureSystem.exchange(socket, head("/shop.Payments/pay", 3 * MIB));
                assertThat(status(answer)).isEqualTo(identity.isEmpty() ? 401 : 403);
            }
        }
    }

    @Test
    void a_request_that_is_too_large_fails_without_a_retry_and_blames_no_instance_W4() throws Exception {
        Treaty cart = system.open("shop.Cart");
        Payments client = cart.client(Payments.class);
        answered(client);
        String large = "x".repeat(5 * MIB);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> client.pay(large)).isInstanceOfSatisfying(ServiceException.class, e -> {
                assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
            });
            assertThat(client.pay("1")).isEqualTo("paid");
        }
    }

    private static void answered(Payments client) {
        until("a payment is made", () -> {
            try {
                return client.pay("0").equals("paid");
            } catch (ServiceException e) {
                return false;
            }
        });
    }

    @Test
    void calls_of_a_handler_that_never_returns_end_at_their_deadline_W7() throws Exception {
        int interrupted = INTERRUPTED.get();
        int calls = 30;
        List<Socket> open = new ArrayList<>();
        try {
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                Socket socket = system.connect(port, "shop.Cart");
                socket.setSoTimeout(60_000);
                open.add(socket);
                socket.getOutputStream()
                        .write(SecureSystem.request(
                                        "POST",
                                        "/shop.Payments/pay",
                                        "{\"text\":\"for ever\"}",
                                        "Treaty-Timeout: 500ms",
                                        "Connect-Timeout-Ms: 500")
                                .getBytes(StandardCharsets.US_ASCII));
            }
            for (Socket socket : open) {
                assertThat(status(SecureSystem.readAll(socket))).isBetween(400, 599);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        } finally {
            closeAll(open);
        }
        until("the handlers are interrupted", () -> INTERRUPTED.get() >= interrupted + 1);
        assertThat(status(system.ask(port, "shop.Cart", "POST", "/shop.Payments/pay", "{\"text\":\"1\"}")))
                .isEqualTo(200);
    }

    @Test
    void bodies_that_strangers_never_complete_take_no_memory_and_no_time_of_others_W8() throws Exception {
        List<Socket> open = new ArrayList<>();
        byte[] part = new byte[64 << 10];
        try {
            for (int i = 0; i < 40; i++) {
                Socket socket = system.connect(port, i % 2 == 0 ? "" : "shop.Web");
                open.add(socket);
                try {
                    socket.getOutputStream()
                            .write(head("/shop.Payments/pay", 4 * MIB - 100).getBytes(StandardCharsets.US_ASCII));
                    socket.getOutputStream().write(part);
                } catch (IOException e) {
                    // refused already
                }
            }
            long start = System.nanoTime();
            assertThat(status(system.ask(port, "shop.Cart", "POST", "/shop.Payments/pay", "{\"text\":\"1\"}")))
                    .isEqualTo(200);
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
        } finally {
            closeAll(open);
        }
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void nothing_grows_when_processes_with_security_open_and_close_W10() throws Exception {
        cycle();
        cycle();
        long before = platformThreads();
        for (int i = 0; i < 5; i++) {
            cycle();
        }
        until("their threads have ended", () -> platformThreads() <= before + 2);
    }

    private static long platformThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .count();
    }

    private static void cycle() throws Exception {
        try (Treaty treaty = system.open("shop.Payments", "", "server: {drain: 0s}")) {
            treaty.serve(SecureSystem.Other.class, text -> text);
            assertThat(status(system.ask(treaty.endpoint().orElseThrow().port(), "", "GET", "/-/health", "")))
                    .isEqualTo(200);
        }
    }
}
