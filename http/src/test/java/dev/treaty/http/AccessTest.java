package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Gate;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Principal.Proof;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server does with a request before it reads the body, while security is on. */
class AccessTest {
    private static final String NAME = Running.CONTRACT.name().value();
    private static final String LAST = "/" + NAME + "/last";
    private static final String ALICE = "Authorization: Bearer alice";
    private static final String SLOW = "Authorization: Bearer slow-alice";

    private final TestAccess access = new TestAccess("alice " + NAME + " last");
    private final ConcurrentLinkedQueue<CallContext> calls = new ConcurrentLinkedQueue<>();
    private final HttpServer server = server(HttpServerOptions.STANDARD, access);

    private HttpServer server(HttpServerOptions options, AccessControl control) {
        var created = new HttpServer(options, null, control, Time.system(), RandomSource.system());
        host(created, Gate.OPEN);
        return created;
    }

    private void host(HttpServer at, Gate gate) {
        at.host(new HostedService(
                Running.CONTRACT,
                call -> {
                    calls.add(call.context());
                    return new ServiceResponse.Ok<>(Optional.empty(), Origin.SERVICE, 0, ResponseMetadata.NONE);
                },
                () -> new ServiceHealth(
                        ServiceHealth.Status.WARNING,
                        "the disk is full",
                        Time.system().instant(),
                        Map.of("a", "b")),
                gate));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private RawConnection open() throws Exception {
        return new RawConnection(server.endpoint().port());
    }

    private RawConnection.Answer send(String request) throws Exception {
        try (RawConnection raw = open()) {
            return raw.exchange(request);
        }
    }

    @Test
    void a_caller_that_may_call_is_known_to_the_handler_and_its_credentials_are_not() throws Exception {
        RawConnection.Answer answer = send(RawConnection.post(
                LAST,
                "{}",
                ALICE,
                "Treaty-Caller: root",
                "X-Forwarded-Client-Cert: Hash=00",
                "X-Consul-Token: alice",
                "X-Other: kept"));
        assertThat(answer.status()).isEqualTo(200);
        CallContext context = calls.remove();
        assertThat(context.caller()).isEqualTo(Principal.proven("alice", Proof.TOKEN));
        assertThat(context.headers().size()).isEqualTo(1);
        assertThat(context.headers().get("x-other")).contains("kept");
    }

    @Test
    void a_certificate_identifies_a_caller_and_a_token_goes_before_it() throws Exception {
        access.allowed.add("shop.Web " + NAME + " last");
        try (var secured = new HttpServer(
                HttpServerOptions.STANDARD, TestTls.of(NAME), access, Time.system(), RandomSource.system())) {
            host(secured, Gate.OPEN);
            for (String[] headers : new String[][] {{}, {ALICE}, {"Authorization: Bearer mallory"}}) {
                try (var raw = new RawConnection(secured.endpoint().port(), TestTls.of("shop.Web"))) {
                    raw.send(RawConnection.post(LAST, "{}", headers));
                    raw.receive();
                }
            }
            try (var raw = new RawConnection(secured.endpoint().port(), TestTls.anonymous())) {
                assertThat(raw.exchange(RawConnection.post(LAST, "{}")).status())
                        .isEqualTo(401);
            }
        }
        assertThat(calls)
                .extracting(CallContext::caller)
                .containsExactly(
                        Principal.proven("shop.Web", Proof.CERTIFICATE), Principal.proven("alice", Proof.TOKEN));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Bearer mallory",
                "Authorization: Bearer",
                "Authorization: Bearer ",
                "Authorization: Basic YWxpY2U6",
                "Authorization: Treaty alice",
                "Authorization: alice",
                "Authorization: Bearer alice, Bearer alice",
                "Authorization: Bearer al ice",
                "Authorization: Bearer alic\u00e9",
                "Authorization: Bearer alice\r\nAuthorization: Bearer alice",
                "Authorization: Bearer alice\r\nauthorization: Bearer bob",
            })
    void bad_credentials_are_refused_alike(String headers) throws Exception {
        RawConnection.Answer answer = send(RawConnection.head(LAST, 1 << 20, headers)); // and no body
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.notReached()).isTrue();
        assertThat(answer.head()).contains("\r\nWWW-Authenticate: Bearer\r\n");
        assertThat(answer.body())
                .isEqualTo("{\"code\":\"unauthenticated\",\"message\":\"the credentials are not valid\"}");
        assertThat(calls).isEmpty();
    }

    @Test
    void the_scheme_has_any_case_and_the_length_of_a_token_is_limited() throws Exception {
        assertThat(send(RawConnection.post(LAST, "{}", "authorization: bEARER alice"))
                        .status())
                .isEqualTo(200);
        assertThat(send(RawConnection.post(LAST, "{}", "Authorization: Bearer " + "a".repeat(8 << 10)))
                        .status())
                .isEqualTo(401);
        int asked = access.authentications.get();
        assertThat(send(RawConnection.post(LAST, "{}", "Authorization: Bearer " + "a".repeat((8 << 10) + 1)))
                        .status())
                .isEqualTo(401);
        assertThat(access.authentications).hasValue(asked);
    }

    @Test
    void the_body_of_a_refused_request_is_not_read() throws Exception {
        String expect = "Expect: 100-continue";
        RawConnection.Answer anonymous = send(RawConnection.head(LAST, 4 << 20, expect));
        assertThat(anonymous.status()).isEqualTo(401);
        assertThat(anonymous.body()).contains("credentials are needed");
        assertThat(anonymous.head()).contains("\r\nWWW-Authenticate: Bearer\r\n");
        RawConnection.Answer denied = send(RawConnection.head(LAST, 4 << 20, expect, "Authorization: Bearer bob"));
        assertThat(denied.status()).isEqualTo(403);
        assertThat(denied.notReached()).isTrue();
        assertThat(denied.head()).contains("\r\nTreaty-Retry: no\r\n");
        assertThat(denied.body()).contains("\"bob may not call " + NAME + "/last\"");
        assertThat(calls).isEmpty();
    }

    @Test
    void a_request_waits_for_the_check_of_its_credentials_and_is_then_read() throws Exception {
        String text = " ".repeat(32 << 20); // more than the buffers of sockets hold
        try (HttpServer large = server(HttpServerOptions.STANDARD.bodies(33 << 20, 512L << 20), access);
                var raw = new RawConnection(large.endpoint().port())) {
            var sent = CompletableFuture.runAsync(() -> {
                try {
                    raw.send(RawConnection.post(LAST, "{" + text + "}", SLOW)
                            + RawConnection.post(LAST, "{}", ALICE)
                            + RawConnection.post(LAST, "{}", SLOW)
                            + RawConnection.post(LAST, "{}", "Authorization: Bearer slow-mallory")
                            + RawConnection.post(LAST, "{}", ALICE));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            access.checking.acquire();
            assertThat(sent).isNotDone();
            assertThat(calls).isEmpty();
            access.go.release(3);
            for (int status : new int[] {200, 200, 200, 401, 200}) {
                assertThat(raw.receive().status()).isEqualTo(status);
            }
            sent.get(20, TimeUnit.SECONDS);
        }
        assertThat(calls).hasSize(4);
    }

    @Test
    void a_request_of_http_2_waits_for_the_check_of_its_credentials_while_others_go_on() throws Exception {
        TestTls tls = TestTls.of(NAME);
        try (var secured =
                        new HttpServer(HttpServerOptions.STANDARD, tls, access, Time.system(), RandomSource.system());
                var client = HttpClient.newBuilder().sslContext(tls.context()).build()) {
            host(secured, Gate.OPEN);
            assertThat(http2(client, secured, "alice", "{}".getBytes(StandardCharsets.US_ASCII))
                            .get(20, TimeUnit.SECONDS)
                            .version())
                    .isEqualTo(HttpClient.Version.HTTP_2);
            byte[] body = ("{" + " ".repeat(1 << 20) + "}").getBytes(StandardCharsets.US_ASCII);
            CompletableFuture<HttpResponse<String>> slow = http2(client, secured, "slow-alice", body);
            CompletableFuture<HttpResponse<String>> refused = http2(client, secured, "slow-mallory", body);
            access.checking.acquire(2);
            assertThat(http2(client, secured, "alice", "{}".getBytes(StandardCharsets.US_ASCII))
                            .get(20, TimeUnit.SECONDS)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(slow).isNotDone();
            access.go.release(2);
            assertThat(slow.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            assertThat(refused.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(401);
        }
    }

    private CompletableFuture<HttpResponse<String>> http2(HttpClient client, HttpServer at, String token, byte[] body) {
        String address = "https://localhost:" + at.endpoint().port();
        return client.sendAsync(
                HttpRequest.newBuilder(URI.create(address + LAST))
                        .version(HttpClient.Version.HTTP_2)
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + token)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void the_checks_of_one_address_are_limited() throws Exception {
        var connections = new ArrayList<RawConnection>();
        try {
            for (int i = 0; i < 256; i++) {
                RawConnection raw = open();
                connections.add(raw);
                raw.send(RawConnection.head(LAST, 2, SLOW));
            }
            access.checking.acquire(256);
            RawConnection.Answer refused = send(RawConnection.head(LAST, 2, SLOW));
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.notReached()).isTrue();
            assertThat(send(RawConnection.post(LAST, "{}", ALICE)).status()).isEqualTo(200);
            access.go.release(256);
            for (RawConnection each : connections) {
                each.send("{}");
                assertThat(each.receive().status()).isEqualTo(200);
            }
            access.go.release();
            assertThat(send(RawConnection.post(LAST, "{}", SLOW)).status()).isEqualTo(200);
        } finally {
            for (RawConnection each : connections) {
                each.close();
            }
        }
    }

    @Test
    void a_check_ends_with_the_time_for_the_request() throws Exception {
        var options = HttpServerOptions.STANDARD.timeouts(Duration.ofMillis(300), Duration.ofMinutes(1));
        try (HttpServer impatient = server(options, access);
                var raw = new RawConnection(impatient.endpoint().port())) {
            raw.send(RawConnection.post(LAST, "{}", SLOW));
            assertThat(raw.ends()).isTrue();
            assertThat(access.interrupted.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_service_at_its_limit_refuses_before_credentials_are_checked() throws Exception {
        host(server, new Gate() {
            @Override
            public Fault refuseAll() {
                return Fault.unreached(Code.RESOURCE_EXHAUSTED, "full");
            }

            @Override
            public @Nullable Fault refuse(Principal caller) {
                return null;
            }
        });
        assertThat(send(RawConnection.head(LAST, 4 << 20, ALICE)).body()).contains("full");
        assertThat(access.authentications).hasValue(0);
        host(server, new Gate() {
            @Override
            public @Nullable Fault refuseAll() {
                return null;
            }

            @Override
            public @Nullable Fault refuse(Principal caller) {
                return caller.name().equals("bob") ? Fault.unreached(Code.RESOURCE_EXHAUSTED, "too many") : null;
            }
        });
        assertThat(send(RawConnection.head(LAST, 4 << 20, "Authorization: Bearer bob"))
                        .status())
                .isEqualTo(429);
        assertThat(send(RawConnection.post(LAST, "{}", ALICE)).status()).isEqualTo(200);
    }

    @Test
    void only_the_exact_path_and_method_of_an_allowed_operation_calls_it() throws Exception {
        List<String> tricks = List.of(
                LAST,
                LAST + "?a=b",
                "/" + NAME + "//last",
                "//" + NAME + "/last",
                "/./" + NAME + "/last",
                "/x/../" + NAME + "/last",
                "/x/%2e%2e/" + NAME + "/last",
                "/" + NAME + "/%6cast",
                "/" + NAME + "%2flast",
                "/" + NAME + "/last/",
                "/" + NAME + "/last;a=b",
                "/" + NAME + "/last%00",
                "/" + NAME + "/LAST",
                "/" + NAME.toLowerCase(java.util.Locale.ROOT) + "/last",
                "/" + NAME + "/cancel",
                "/-/../" + NAME + "/last",
                "/" + NAME + "/last/../cancel",
                "/" + NAME + "/cancel/../last");
        for (String caller : List.of("alice", "bob", "")) {
            for (String method : List.of("POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post", "TRACE")) {
                for (String path : tricks) {
                    calls.clear();
                    String head = RawConnection.head(
                                    path, 2, caller.isEmpty() ? "X: y" : "Authorization: Bearer " + caller)
                            .replaceFirst("POST", method);
                    int status;
                    try (RawConnection raw = open()) {
                        raw.send(head + "{}");
                        status = raw.receive(true).status();
                    }
                    boolean exact = path.equals(LAST) || path.equals(LAST + "?a=b");
                    boolean expected = exact && method.equals("POST") && caller.equals("alice");
                    assertThat(status == 200)
                            .as("%s %s by %s", method, path, caller)
                            .isEqualTo(expected);
                    assertThat(calls).hasSize(expected ? 1 : 0);
                }
            }
        }
    }

    @Test
    void an_unknown_service_is_not_told_to_anonymous_callers_and_others_are_not_listed() throws Exception {
        assertThat(send(RawConnection.post("/shop.None/last", "{}")).status()).isEqualTo(401);
        RawConnection.Answer known = send(RawConnection.post("/shop.None/last", "{}", ALICE));
        assertThat(known.status()).isEqualTo(404);
        assertThat(known.body()).doesNotContain(NAME);
    }

    @Test
    void pages_are_read_by_those_who_may_and_health_without_details_by_everyone() throws Exception {
        server.page("/-/metrics", "text/plain", () -> "m".getBytes(StandardCharsets.US_ASCII));
        String metrics = "GET /-/metrics HTTP/1.1\r\nHost: localhost\r\n";
        assertThat(send(metrics + "\r\n").status()).isEqualTo(401);
        assertThat(send(metrics + ALICE + "\r\n\r\n").status()).isEqualTo(403);
        access.allowed.add("alice /-/metrics get");
        assertThat(send(metrics + ALICE + "\r\n\r\n").body()).isEqualTo("m");
        for (String path : List.of("/-/health", "/-/health/" + NAME)) {
            String health = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n";
            assertThat(send(health + "\r\n").body()).isEqualTo("{\"status\":\"warning\"}");
            assertThat(send(health + ALICE + "\r\n\r\n").body()).isEqualTo("{\"status\":\"warning\"}");
            access.allowed.add("alice /-/health get");
            assertThat(send(health + ALICE + "\r\n\r\n").body()).contains("the disk is full");
            access.allowed.remove("alice /-/health get");
        }
    }

    @Test
    void a_raw_handler_gets_its_caller_also_by_the_token_of_consul() throws Exception {
        server.handle(
                "/v1/", request -> RawHandler.Answer.text(200, request.caller().name()));
        String get = "GET /v1/catalog HTTP/1.1\r\nHost: localhost\r\n";
        assertThat(send(get + "\r\n").status()).isEqualTo(401);
        assertThat(send(get + "X-Consul-Token: alice\r\n\r\n").status()).isEqualTo(403);
        access.allowed.add("alice /v1/ get");
        assertThat(send(get + "X-Consul-Token: alice\r\n\r\n").body()).isEqualTo("alice\n");
        assertThat(send(get + ALICE + "\r\n\r\n").body()).isEqualTo("alice\n");
        assertThat(send(get + ALICE + "\r\nX-Consul-Token: bob\r\n\r\n").status())
                .isEqualTo(401);
        assertThat(send(RawConnection.post(LAST, "{}", "X-Consul-Token: alice")).status())
                .isEqualTo(401);
    }

    @Test
    void a_browser_may_ask_without_credentials() throws Exception {
        try (HttpServer open = server(HttpServerOptions.STANDARD.origins(Set.of("https://shop.example")), access);
                var raw = new RawConnection(open.endpoint().port())) {
            raw.send("OPTIONS " + LAST + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://shop.example\r\n"
                    + "Access-Control-Request-Method: POST\r\n\r\n");
            assertThat(raw.receive().status()).isEqualTo(204);
        }
    }
}
