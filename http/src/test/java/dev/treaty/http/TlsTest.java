package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls over TLS, between real sockets. */
class TlsTest {
    private static final byte ALERT = 21;
    private static final String NAME = Running.CONTRACT.name().value();

    private static Running running(TestTls server, TestTls client) {
        return new Running(HttpServerOptions.STANDARD, HttpTransportOptions.STANDARD, server, client);
    }

    private static Fault fault(Running running) {
        try {
            running.client().last();
            return Fault.of(Code.UNKNOWN, "it succeeded");
        } catch (ServiceException e) {
            return e.fault();
        }
    }

    @Test
    void a_call_succeeds_with_certificates_on_both_sides() {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            assertThat(running.server.endpoint().protocol()).isEqualTo("https");
            for (int i = 0; i < 10; i++) {
                assertThat(running.client().last()).isEmpty();
            }
        }
    }

    @Test
    void a_connection_is_used_again_after_the_server_has_sent_tickets_for_later_sessions() {
        TestTls client = TestTls.of("shop.Web");
        try (Running running = running(TestTls.of(NAME), client)) {
            for (int i = 0; i < 100; i++) {
                running.client().last();
            }
            assertThat(client.identified).hasValue(1);
        }
    }

    /** What is wrong with a certificate. */
    enum Wrong {
        NAME,
        EXPIRED,
        NOT_YET_VALID,
        TRUST_DOMAIN,
        UNTRUSTED,
        REVOKED;

        TestTls of(String name, TestTls other) {
            CertificateRequest request = CertificateRequest.of(name);
            Instant now = Time.system().instant();
            return switch (this) {
                case NAME -> TestTls.of("shop.Other");
                case EXPIRED -> TestTls.of(request.withValidFrom(now.minus(Duration.ofDays(2))));
                case NOT_YET_VALID -> TestTls.of(request.withValidFrom(now.plus(Duration.ofHours(1))));
                case TRUST_DOMAIN -> TestTls.of(request.withUris("spiffe://evil.example/" + name));
                case UNTRUSTED ->
                    new TestTls(
                            TestTls.AUTHORITY,
                            CertificateAuthority.inMemory("shop.example", Time.system())
                                    .issue(name));
                case REVOKED -> {
                    var issued = TestTls.AUTHORITY.issue(request);
                    other.revoke(issued.certificate());
                    yield new TestTls(TestTls.AUTHORITY, issued);
                }
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_server_whose_certificate_is_wrong_gets_no_call(Wrong wrong) {
        TestTls client = TestTls.of("shop.Web");
        try (Running running = running(wrong.of(NAME, client), client)) {
            for (int i = 0; i < 3; i++) {
                Fault fault = fault(running);
                assertThat(fault.code()).isEqualTo(Code.UNAVAILABLE);
                assertThat(fault.reached()).isFalse();
                assertThat(fault.message()).startsWith("no connection to https://127.0.0.1:");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NAME")
    void a_client_whose_certificate_is_wrong_is_refused(Wrong wrong) {
        TestTls server = TestTls.of(NAME);
        try (Running running = running(server, wrong.of("shop.Web", server))) {
            for (int i = 0; i < 3; i++) {
                assertThat(fault(running).code()).isEqualTo(Code.UNAVAILABLE);
            }
        }
    }

    @Test
    void a_client_without_a_certificate_is_anonymous() {
        try (Running running = running(TestTls.of(NAME), TestTls.anonymous())) {
            assertThat(running.client().last()).isEmpty();
        }
    }

    @Test
    void what_is_not_encrypted_is_neither_sent_to_nor_accepted_by_a_process_with_tls() throws Exception {
        try (Running plain = new Running();
                Running encrypted = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            Call call = call();
            var toPlain = encrypted.transport.connect(plain.server.endpoint(), Running.CONTRACT.name());
            assertThat(toPlain.handle(call)).asString().contains("this process uses TLS, and that endpoint does not");
            var toEncrypted = plain.transport.connect(encrypted.server.endpoint(), Running.CONTRACT.name());
            assertThat(toEncrypted.handle(call)).asString().contains("that endpoint uses TLS, and this process does");
            var disguised = new ServiceEndpoint(
                    "https", "127.0.0.1", plain.server.endpoint().port());
            assertThat(encrypted.transport.connect(disguised).handle(call).succeeded())
                    .isFalse();
            try (var raw = new RawConnection(encrypted.server.endpoint().port())) {
                raw.send(RawConnection.post("/" + NAME + "/last", "{}"));
                assertThat(raw.receiveAll()).doesNotContain("HTTP/1.1");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // A hello of TLS 1.1 with one of its cipher suites, and one in the form of SSL 2.
                "160302002f0100002b0302" + "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
                        + "000004c013002f0100",
                "802c0103010003" + "0000002000002f" + "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
            })
    void older_protocols_are_refused(String hello) throws Exception {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"));
                var raw = new RawConnection(running.server.endpoint().port())) {
            raw.send(HexFormat.of().parseHex(hello));
            byte[] answer = raw.receiveAll().getBytes(StandardCharsets.ISO_8859_1);
            assertThat(answer.length == 0 || answer[0] == ALERT).isTrue();
        }
    }

    @Test
    void certificates_are_replaced_under_load_without_a_failed_call() throws Exception {
        TestTls server = TestTls.of(NAME);
        TestTls client = TestTls.of("shop.Web");
        try (Running running = running(server, client)) {
            var stop = new AtomicBoolean();
            var calls = new AtomicInteger();
            var failures = new ConcurrentLinkedQueue<Throwable>();
            var callers = new ArrayList<Thread>();
            for (int i = 0; i < 4; i++) {
                callers.add(Thread.startVirtualThread(() -> {
                    while (!stop.get()) {
                        try {
                            running.client().last();
                            calls.incrementAndGet();
                        } catch (RuntimeException e) {
                            failures.add(e);
                        }
                    }
                }));
            }
            for (int i = 0; i < 20; i++) {
                int before = calls.get();
                server.replace(TestTls.AUTHORITY.issue(NAME));
                client.replace(TestTls.AUTHORITY.issue("shop.Web"));
                while (calls.get() < before + 20 && failures.isEmpty()) {
                    Thread.onSpinWait();
                }
            }
            stop.set(true);
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(failures).isEmpty();
            assertThat(client.identified).hasValueGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void a_certificate_that_is_revoked_or_expires_ends_open_connections() throws Exception {
        TestTls server = TestTls.of(NAME);
        var revoked = TestTls.AUTHORITY.issue("shop.Web");
        try (Running running = running(server, new TestTls(TestTls.AUTHORITY, revoked))) {
            running.client().last();
            server.revoke(revoked.certificate());
            Fault fault = fault(running);
            assertThat(fault.code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(fault.reached()).isFalse();
            assertThat(fault.message()).contains("the certificate of this connection is no longer valid");
            assertThat(fault(running).code()).isEqualTo(Code.UNAVAILABLE);
        }
        var later = new LaterTime();
        try (var expiring = new HttpServer(
                        HttpServerOptions.STANDARD, TestTls.of(NAME), AccessControl.OFF, later, RandomSource.system());
                var raw = new RawConnection(expiring.endpoint().port(), TestTls.of("shop.Web"))) {
            assertThat(raw.exchange(RawConnection.post("/none/last", "{}")).status())
                    .isEqualTo(404);
            later.days = 2;
            RawConnection.Answer answer = raw.exchange(RawConnection.post("/none/last", "{}"));
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.notReached()).isTrue();
            assertThat(answer.closes()).isTrue();
            assertThat(raw.ends()).isTrue();
        }
    }

    @Test
    void a_resumed_session_does_not_hide_a_revocation() throws Exception {
        TestTls server = TestTls.of(NAME);
        var revoked = TestTls.AUTHORITY.issue("shop.Web");
        var client = new TestTls(TestTls.AUTHORITY, revoked);
        try (Running running = running(server, client)) {
            int port = running.server.endpoint().port();
            long created;
            try (var first = new RawConnection(port, client)) {
                assertThat(first.exchange(RawConnection.post("/" + NAME + "/last", "{}"))
                                .status())
                        .isEqualTo(200);
                created = first.session().getCreationTime();
            }
            server.revoke(revoked.certificate());
            try (var second = new RawConnection(port, client)) {
                RawConnection.Answer answer = second.exchange(RawConnection.post("/" + NAME + "/last", "{}"));
                assertThat(second.session().getCreationTime()).isEqualTo(created); // it was resumed
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.body()).contains("no longer valid");
            }
        }
    }

    /** A clock that is some days late. */
    private static final class LaterTime implements Time {
        private volatile int days;

        @Override
        public long nanoTime() {
            return Time.system().nanoTime();
        }

        @Override
        public void park(Object blocker, long nanos) {
            Time.system().park(blocker, nanos);
        }

        @Override
        public Instant instant() {
            return Time.system().instant().plus(Duration.ofDays(days));
        }
    }

    @Test
    void a_client_with_http_2_agrees_on_it_in_the_handshake() throws Exception {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"));
                var client = HttpClient.newBuilder()
                        .sslContext(TestTls.of("shop.Web").context())
                        .build()) {
            String address = "https://localhost:" + running.server.endpoint().port();
            for (HttpClient.Version version : HttpClient.Version.values()) {
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(URI.create(address + "/" + NAME + "/last"))
                                .version(version)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.version()).isEqualTo(version);
            }
        }
    }

    @Test
    void a_connection_with_http_2_ends_when_its_certificate_is_revoked() throws Exception {
        TestTls server = TestTls.of(NAME);
        var revoked = TestTls.AUTHORITY.issue("shop.Web");
        try (Running running = running(server, TestTls.of("shop.Web"));
                var client = HttpClient.newBuilder()
                        .sslContext(new TestTls(TestTls.AUTHORITY, revoked).context())
                        .build()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(
                            "https://localhost:" + running.server.endpoint().port() + "/" + NAME + "/last"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{}"))
                    .build();
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(answer.statusCode()).isEqualTo(200);
            server.revoke(revoked.certificate());
            answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("treaty-reached")).contains("no");
        }
    }

    @Test
    void large_bodies_arrive_whole_in_both_directions() {
        String text = "tea and \u00e4 ".repeat(200_000);
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            for (int i = 0; i < 3; i++) {
                assertThat(running.client().pay(new Shop.Card(text + i))).isEqualTo(new Shop.Card(text + i));
            }
        }
    }

    @Test
    void calls_end_at_their_deadline_and_when_their_thread_is_interrupted() throws Exception {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            var began = new Semaphore(0);
            running.host(_ -> {
                began.release();
                new CountDownLatch(1).await();
                return ServiceResponse.failed(Code.INTERNAL, "not reached");
            });
            var deadline = new Call(
                    Running.CONTRACT.name(),
                    Running.CONTRACT.operation("last").orElseThrow(),
                    List.of(),
                    Running.context(Duration.ofMillis(300)));
            assertThat(running.connection.handle(deadline)).asString().contains("deadline_exceeded");
            began.acquire();
            var ended = new CountDownLatch(1);
            Thread caller = Thread.startVirtualThread(() -> {
                try {
                    running.connection.handle(call());
                } catch (InterruptedException e) {
                    ended.countDown();
                }
            });
            began.acquire();
            caller.interrupt();
            assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_handshake_ends_at_the_deadline_of_the_call() throws Exception {
        try (var silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                var transport = new HttpTransport(
                        HttpTransportOptions.STANDARD, TestTls.of("shop.Web"), TokenSource.NONE, Time.system())) {
            var endpoint = new ServiceEndpoint("https", "127.0.0.1", silent.getLocalPort());
            var call = new Call(
                    Running.CONTRACT.name(),
                    Running.CONTRACT.operation("last").orElseThrow(),
                    List.of(),
                    Running.context(Duration.ofMillis(300)));
            assertThat(transport.connect(endpoint).handle(call))
                    .asString()
                    .contains("deadline_exceeded: no connection to");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "16", "160301002f0100002b0303"})
    void a_handshake_that_does_not_go_on_is_closed(String begun) throws Exception {
        var options = HttpServerOptions.STANDARD.timeouts(Duration.ofMillis(300), Duration.ofMillis(300));
        try (var server = new HttpServer(
                        options, TestTls.of(NAME), AccessControl.OFF, Time.system(), RandomSource.system());
                var raw = new RawConnection(server.endpoint().port())) {
            raw.send(HexFormat.of().parseHex(begun));
            assertThat(raw.receiveAll()).doesNotContain("HTTP/1.1");
        }
    }

    @Test
    void draining_lets_calls_end_and_refuses_new_ones() throws Exception {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            var began = new CountDownLatch(1);
            var go = new CountDownLatch(1);
            var first = new AtomicBoolean(true);
            running.host(_ -> {
                if (first.getAndSet(false)) {
                    began.countDown();
                    go.await();
                }
                return new ServiceResponse.Ok<>(Optional.empty(), Origin.SERVICE, 0, ResponseMetadata.NONE);
            });
            var answered = new CompletableFuture<ServiceResponse<?>>();
            Thread.startVirtualThread(() -> {
                try {
                    answered.complete(running.connection.handle(call()));
                } catch (Throwable e) {
                    answered.completeExceptionally(e);
                }
            });
            began.await();
            Thread drain = Thread.startVirtualThread(() -> running.server.drain(Duration.ofSeconds(20)));
            Fault fault = fault(running);
            while (!fault.message().contains("shutting down")) { // it may be handled before the server drains
                fault = fault(running);
            }
            assertThat(fault.reached()).isFalse();
            go.countDown();
            drain.join();
            assertThat(answered.get(20, TimeUnit.SECONDS).succeeded()).isTrue();
        }
    }

    private static Call call() {
        return new Call(
                Running.CONTRACT.name(),
                Running.CONTRACT.operation("last").orElseThrow(),
                List.of(),
                Running.context(Duration.ofMinutes(1)));
    }
}
