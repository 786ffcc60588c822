package dev.treaty.cli.attacks;

import static dev.treaty.cli.attacks.SecureSystem.status;
import static dev.treaty.cli.attacks.SecureSystem.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.attacks.SecureSystem.Payments;
import dev.treaty.codec.Json;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What proves a caller ends when it is revoked, is of use at one service only, and changes under load. */
@Isolated // its calls keep the processors busy, which other tests need for their deadlines
class RevocationTest {
    private static final String PAY = "/shop.Payments/pay";
    private static final String BODY = "{\"text\":\"1\"}";

    @Contract(name = "shop.Ledger", version = "1.0.0")
    interface Ledger {
        @Idempotent
        String pay(String text);
    }

    @TempDir
    private Path directory;

    private SecureSystem system;
    private int port;

    @BeforeEach
    void start() throws Exception {
        system = new SecureSystem(directory.resolve("one"));
        port = system.servePayments().endpoint().orElseThrow().port();
    }

    @AfterEach
    void stop() throws Exception {
        system.close();
    }

    private static Map<?, ?> made(SecureSystem by, String... arguments) throws Exception {
        Command command = by.run("alice", arguments);
        assertThat(command.exit()).as("%s", command).isZero();
        return (Map<?, ?>) Json.read(command.out());
    }

    private int pay(int server, String path, String secret) throws Exception {
        return status(system.ask(server, "", "POST", path, BODY, "Authorization: Bearer " + secret));
    }

    private void refusedWithin(Duration time, String secret) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        while (pay(port, PAY, secret) != 401) {
            assertThat(System.nanoTime() - end).as("time after the revocation").isNegative();
            LockSupport.parkNanos(10_000_000);
        }
        for (int i = 0; i < 20; i++) {
            assertThat(pay(port, PAY, secret))
                    .as("refused once, refused for ever")
                    .isEqualTo(401);
        }
    }

    @Test
    void a_token_is_of_use_at_its_service_and_its_registry_only_and_ends_when_it_is_revoked() throws Exception {
        Treaty ledger = system.open("shop.Ledger");
        ledger.serve(Ledger.class, text -> text);
        int other = ledger.endpoint().orElseThrow().port();
        Map<?, ?> issued = made(system, "tokens", "issue", "carol", "--for", "shop.Payments", "--json");
        Map<?, ?> key = made(system, "tokens", "create-key", "carol", "--json");
        String token = (String) issued.get("token");
        String apiKey = (String) key.get("key");
        until("both are known", () -> accepted(token) && accepted(apiKey));
        assertThat(pay(other, "/shop.Ledger/pay", token))
                .as("replayed at another service")
                .isEqualTo(401);
        assertThat(pay(system.registryPort(), "/treaty.Registry/services", token))
                .as("replayed at the registry")
                .isEqualTo(401);
        assertThat(pay(system.consulPort(), "/v1/catalog/services", token))
                .as("replayed at the API of Consul")
                .isEqualTo(401);
        try (var foreign = new SecureSystem(directory.resolve("other"))) {
            var theirs = made(foreign, "tokens", "issue", "carol", "--for", "shop.Payments", "--json");
            var theirKey = made(foreign, "tokens", "create-key", "carol", "--json");
            assertThat(pay(port, PAY, (String) theirs.get("token")))
                    .as("another registry's")
                    .isEqualTo(401);
            assertThat(pay(port, PAY, (String) theirKey.get("key")))
                    .as("another registry's")
                    .isEqualTo(401);
        }
        assertThat(accepted(token) && accepted(apiKey)).as("in the cache").isTrue();
        assertThat(system.run("alice", "tokens", "revoke", (String) issued.get("id")))
                .returns(0, Command::exit);
        refusedWithin(Duration.ofSeconds(10), token);
        assertThat(accepted(apiKey)).as("which is not revoked").isTrue();
        assertThat(system.run("alice", "tokens", "revoke-key", (String) key.get("id")))
                .returns(0, Command::exit);
        refusedWithin(Duration.ofSeconds(10), apiKey);
    }

    private boolean accepted(String secret) {
        try {
            return pay(port, PAY, secret) == 200;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Calls of one caller after the other, in a thread, and how they failed. */
    private static final class Load implements AutoCloseable {
        private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger calls = new AtomicInteger();
        private final AtomicBoolean ended = new AtomicBoolean();
        private final List<Thread> threads;

        Load(Payments service) {
            Runnable loop = () -> {
                while (!ended.get()) {
                    try {
                        assertThat(service.pay("1")).isEqualTo("paid 1");
                        calls.incrementAndGet();
                    } catch (RuntimeException | AssertionError e) {
                        failures.add(e);
                    }
                }
            };
            threads = List.of(Thread.ofVirtual().start(loop), Thread.ofVirtual().start(loop));
        }

        @Override
        public void close() {
            ended.set(true);
            for (Thread thread : threads) {
                joined(thread);
            }
            assertThat(failures).as("of %d calls", calls.get()).isEmpty();
            assertThat(calls).as("calls").hasPositiveValue();
        }
    }

    private static void joined(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void call(Payments client) {
        until("a payment is made", () -> {
            try {
                return client.pay("0").equals("paid 0");
            } catch (ServiceException e) {
                return false;
            }
        });
    }

    @Test
    void certificates_are_renewed_under_load_without_a_failed_call_and_a_revoked_one_is_refused() throws Exception {
        renewed(4);
    }

    @Test
    @Tag("long")
    void certificates_are_renewed_for_a_minute_under_load_without_a_failed_call() throws Exception {
        renewed(60);
    }

    private void renewed(int seconds) throws Exception {
        Payments client = system.open("shop.Cart").client(Payments.class);
        call(client);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        int renewals = 0;
        try (var _ = new Load(client)) {
            while (System.nanoTime() - end < 0) {
                for (String identity : List.of("shop.Cart", "shop.Payments", "treaty")) {
                    system.authority().renew(identity);
                }
                renewals++;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            }
        }
        assertThat(renewals).isGreaterThan(seconds);
        var stolen = system.authority().issue("shop.Cart");
        try (var open = system.connect(port, stolen)) {
            String request = SecureSystem.request("POST", PAY, BODY).replace("Connection: close\r\n", "");
            assertThat(status(SecureSystem.exchangeOnce(open, request))).isEqualTo(200);
            system.authority().revoke("shop.Cart"); // also those before, with one of which a connection is open
            system.authority().revoke(stolen.certificate().getSerialNumber());
            long revoked = System.nanoTime();
            while (status(SecureSystem.exchangeOnce(open, request)) == 200) {
                assertThat(System.nanoTime() - revoked).isLessThan(TimeUnit.SECONDS.toNanos(60));
                LockSupport.parkNanos(10_000_000);
            }
        }
        try (var again = system.connect(port, stolen)) {
            assertThat(status(SecureSystem.exchange(again, SecureSystem.request("POST", PAY, BODY))))
                    .as("a new connection")
                    .isNotEqualTo(200);
        } catch (IOException e) {
            // the handshake failed
        }
        until("the client is refused", () -> {
            try {
                client.pay("1");
                return false;
            } catch (ServiceException e) {
                assertThat(e.code()).isIn(Code.UNAVAILABLE, Code.UNAUTHENTICATED, Code.DEADLINE_EXCEEDED);
                return true;
            }
        });
    }

    @Test
    @Tag("long")
    void a_signing_key_is_rotated_under_load_without_a_failed_call() throws Exception {
        var issued = made(system, "tokens", "issue", "carol", "--for", "shop.Payments", "--json");
        Path file = Files.writeString(directory.resolve("token"), (String) issued.get("token"));
        Payments client = system.open("shop.Web", "client: {token-file: " + file + "}", "")
                .client(Payments.class);
        call(client);
        try (var _ = new Load(client)) {
            until("the key is rotated", () -> {
                try {
                    return system.run("alice", "tokens", "rotate").exit() == 0;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            var next = made(system, "tokens", "issue", "carol", "--for", "shop.Payments", "--json");
            Files.writeString(file, (String) next.get("token"));
            for (int i = 0; i < 200; i++) {
                assertThat(pay(port, PAY, (String) next.get("token"))).isEqualTo(200);
                assertThat(pay(port, PAY, (String) issued.get("token"))).isEqualTo(200);
            }
        }
    }
}
