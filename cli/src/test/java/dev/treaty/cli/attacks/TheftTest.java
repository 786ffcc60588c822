package dev.treaty.cli.attacks;

import static dev.treaty.cli.attacks.SecureSystem.payments;
import static dev.treaty.cli.attacks.SecureSystem.status;
import static dev.treaty.cli.attacks.SecureSystem.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Control;
import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.attacks.SecureSystem.Payments;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is tried to steal the traffic of a service, or to stop it, from outside, against the whole product. */
class TheftTest {
    private static final ServiceName PAYMENTS = new ServiceName("shop.Payments");

    @TempDir
    private static Path directory;

    private static SecureSystem system;
    private static Treaty real;
    private static Treaty cart;

    @BeforeAll
    static void start() throws Exception {
        system = new SecureSystem(directory);
        real = system.servePayments();
        cart = system.open("shop.Cart");
        system.open("shop.Web");
    }

    @AfterAll
    static void stop() throws Exception {
        system.close();
    }

    @BeforeEach
    void paid() {
        until("a payment is made", () -> {
            try {
                return cart.client(Payments.class).pay("0").equals("paid 0");
            } catch (ServiceException e) {
                return false;
            }
        });
    }

    /** Three of three payments reach the real service, which is passing. */
    private static void unharmed() {
        for (int i = 0; i < 3; i++) {
            assertThat(cart.client(Payments.class).pay("3")).isEqualTo("paid 3");
        }
        List<ServiceInstance> instances = cart.registry().lookup(PAYMENTS);
        assertThat(instances).singleElement().satisfies(each -> {
            assertThat(each.endpoint().port())
                    .isEqualTo(real.endpoint().orElseThrow().port());
            assertThat(each.health().status()).isEqualTo(ServiceHealth.Status.PASSING);
        });
    }

    private static String instance(String id, String host) {
        return "{\"instance\":{\"id\":\"" + id + "\",\"service\":\"shop.Payments\",\"version\":\"1.0.0\","
                + "\"protocol\":\"https\",\"host\":\"" + host
                + "\",\"port\":9,\"health\":{\"status\":\"PASSING\"}},\"token\":\"a-token-of-a-thief\"}";
    }

    private static String registered() {
        return cart.registry().lookup(PAYMENTS).getFirst().id();
    }

    private static String contract() {
        return "\""
                + ServiceContract.of(Payments.class)
                        .text()
                        .replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                + "\"";
    }

    @Test
    void the_registry_lets_nobody_but_its_owner_and_operators_change_a_service() throws Exception {
        String id = registered();
        var requests = List.of(
                List.of("register", instance("fake", "127.0.0.1")),
                List.of("register", instance(id, "127.0.0.1")),
                List.of("drain", "{\"id\":\"" + id + "\"}"),
                List.of("deregister", "{\"id\":\"" + id + "\",\"token\":\"a-token-of-a-thief\"}"),
                List.of(
                        "report",
                        "{\"id\":\"" + id
                                + "\",\"token\":\"a-token-of-a-thief\",\"health\":{\"status\":\"CRITICAL\"}}"),
                List.of("publish", "{\"contract\":" + contract() + ",\"force\":true}"),
                List.of("publish", "{\"contract\":" + contract() + "}"),
                List.of("withdraw", "{\"service\":\"shop.Payments\",\"version\":\"1.0.0\"}"),
                List.of("replaceSettings", "{\"expected\":0,\"number\":1,\"text\":\"{}\"}"));
        for (List<String> request : requests) {
            String path = "/treaty.Registry/" + request.getFirst();
            String body = request.getLast();
            for (String header : List.of("X-None: 1", "treaty-caller: shop.Payments", "treaty-caller: alice")) {
                String anonymous = system.ask(system.registryPort(), "", "POST", path, body, header);
                assertThat(status(anonymous))
                        .as("%s of nobody: %s", request, anonymous)
                        .isEqualTo(401);
                String thief = system.ask(system.registryPort(), "shop.Web", "POST", path, body, header);
                assertThat(status(thief))
                        .as("%s of a thief: %s", request, thief)
                        .isEqualTo(403);
            }
            String like = system.ask(system.registryPort(), "shop.Pay", "POST", path, body);
            assertThat(status(like))
                    .as("%s of a similar name: %s", request, like)
                    .isEqualTo(403);
            try (Socket plain = SecureSystem.plain(system.registryPort())) {
                String answer = SecureSystem.exchange(plain, SecureSystem.request("POST", path, body));
                assertThat(status(answer)).as("plaintext: %s", answer).isNotEqualTo(200);
                assertThat(answer).doesNotContain(id);
            }
        }
        unharmed();
    }

    @Test
    void the_api_of_consul_lets_nobody_but_the_owner_register_or_drain() throws Exception {
        String id = registered();
        var requests = List.of(
                List.of(
                        "/v1/agent/service/register",
                        "{\"ID\":\"fake\",\"Name\":\"shop.Payments\",\"Address\":\"127.0.0.1\",\"Port\":9}"),
                List.of(
                        "/v1/agent/service/register",
                        "{\"ID\":\"" + id + "\",\"Name\":\"shop.Payments\",\"Address\":\"127.0.0.1\",\"Port\":9}"),
                List.of("/v1/agent/service/deregister/" + id, ""),
                List.of("/v1/agent/service/maintenance/" + id + "?enable=true", ""),
                List.of(
                        "/v1/catalog/register",
                        "{\"Node\":\"n\",\"Address\":\"127.0.0.1\","
                                + "\"Service\":{\"Service\":\"shop.Payments\",\"Port\":9}}"),
                List.of("/v1/catalog/deregister", "{\"Node\":\"n\",\"ServiceID\":\"" + id + "\"}"));
        for (List<String> request : requests) {
            for (String identity : List.of("", "shop.Web")) {
                String answer = system.ask(system.consulPort(), identity, "PUT", request.getFirst(), request.getLast());
                assertThat(status(answer))
                        .as("%s of %s: %s", request, identity, answer)
                        .isIn(401, 403, 404, 405);
            }
            try (Socket plain = SecureSystem.plain(system.consulPort())) {
                String answer = SecureSystem.exchange(
                        plain, SecureSystem.request("PUT", request.getFirst(), request.getLast()));
                assertThat(status(answer)).as("plaintext: %s", answer).isNotEqualTo(200);
            }
        }
        for (String path : List.of(
                "/v1/health/service/shop.Payments",
                "/v1/catalog/services",
                "/v1/agent/services",
                "/prometheus/targets")) {
            assertThat(system.ask(system.consulPort(), "", "GET", path, ""))
                    .as(path)
                    .doesNotContain(id)
                    .doesNotContain("shop.Payments")
                    .doesNotContain(String.valueOf(real.endpoint().orElseThrow().port()));
        }
        unharmed();
    }

    @Test
    void a_process_of_another_identity_serves_no_payments_and_resets_no_guards() throws Exception {
        Treaty thief = system.open("shop.Web");
        assertThatThrownBy(() -> thief.serve(Payments.class, payments("stolen ")))
                .hasMessageContaining("shop.Web may not");
        for (String path : List.of(
                "/treaty.Control/reset",
                "/treaty.Introspection/status",
                "/-/status",
                "/-/metrics",
                "/-/openapi/shop.Payments")) {
            String method = path.startsWith("/-/") ? "GET" : "POST";
            String body = method.equals("GET") ? "" : path.endsWith("reset") ? "{\"service\":\"shop.Payments\"}" : "{}";
            int port = real.endpoint().orElseThrow().port();
            assertThat(status(system.ask(port, "", method, path, body)))
                    .as(path)
                    .isEqualTo(401);
            assertThat(status(system.ask(port, "shop.Web", method, path, body)))
                    .as(path)
                    .isEqualTo(403);
            assertThat(status(system.ask(port, "shop.Payments", method, path, body)))
                    .as(path)
                    .isEqualTo(403);
            assertThat(status(system.ask(port, "alice", method, path, body)))
                    .as(path)
                    .isEqualTo(200);
        }
        try (var control = thief.direct(Control.class, real.endpoint().orElseThrow())) {
            assertThatThrownBy(() -> control.client().reset("shop.Payments"))
                    .isInstanceOfSatisfying(
                            ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.PERMISSION_DENIED));
        }
        unharmed();
    }

    /** The thief has a valid certificate, listens where payments were, and the registry is believed to be honest. */
    @Test
    void a_client_does_not_call_a_process_that_may_not_serve_what_it_wants() throws Exception {
        Treaty thief = system.open("shop.Web");
        thief.serve(Web.class, () -> "web");
        try (var direct = cart.direct(Payments.class, thief.endpoint().orElseThrow())) {
            assertThatThrownBy(() -> direct.client().pay("1")).isInstanceOfSatisfying(ServiceException.class, e -> {
                assertThat(e.code()).isEqualTo(Code.UNAVAILABLE);
                assertThat(e.getMessage()).contains("shop.Web");
            });
        }
        unharmed();
    }

    @dev.treaty.core.contract.Contract(name = "shop.Web", version = "1.0.0")
    interface Web {
        /** Returns a text. */
        String page();
    }

    @Test
    void commands_of_a_stranger_change_nothing_and_say_why() throws Exception {
        String id = registered();
        Path contract = Files.writeString(
                directory.resolve("payments.contract"),
                ServiceContract.of(Payments.class).text());
        for (String[] arguments : new String[][] {
            {"drain", id},
            {"contract", "publish", contract.toString(), "--force"},
            {"contract", "withdraw", "shop.Payments", "1.0.0"},
            {"config", "set", "services.shop.Payments.breaker.forced", "open"},
            {"guards", "shop.Payments", "--reset"},
            {"guards", "shop.Payments", "--breaker", "open", "--reason", "theft"},
            {"tokens", "issue", "alice", "--for", "shop.Payments"},
            {"tokens", "create-key", "alice", "--role", "operator"},
            {"tokens", "list"},
            {"tokens", "rotate"},
        }) {
            Command command = system.run("shop.Web", arguments);
            assertThat(command.exit()).as("%s: %s", List.of(arguments), command).isNotZero();
            assertThat(command.out() + command.err()).doesNotContain("\tat dev.treaty");
        }
        unharmed();
        assertThat(system.run("alice", "drain", id)).returns(0, Command::exit);
        assertThat(cart.registry().lookup(PAYMENTS).getFirst().health().status())
                .isEqualTo(ServiceHealth.Status.DRAINING);
        assertThat(system.run("alice", "drain", id, "--undo")).returns(0, Command::exit);
    }

    @Test
    void pages_of_browsers_and_names_of_other_hosts_change_and_read_nothing() throws Exception {
        int service = real.endpoint().orElseThrow().port();
        for (int port : List.of(system.registryPort(), service)) {
            for (String path : List.of("/treaty.Registry/drain", "/treaty.Control/reset", "/-/status", "/-/metrics")) {
                String method = path.startsWith("/-/") ? "GET" : "POST";
                String body = path.startsWith("/-/") ? "" : "{\"id\":\"x\",\"service\":\"shop.Payments\"}";
                if (port == service && path.startsWith("/treaty.Registry")) {
                    continue; // is not there
                }
                assertThat(status(system.ask(port, "alice", method, path, body, "Origin: https://evil.example")))
                        .as("a foreign origin with the certificate of an operator in the browser, %s", path)
                        .isEqualTo(403);
                assertThat(status(system.ask(port, "alice", method, path, body, "Origin: null")))
                        .as(path)
                        .isEqualTo(403);
                assertThat(status(system.ask(port, "alice", method, path, body, "Host: evil.example:" + port)))
                        .as("DNS rebinding, %s", path)
                        .isEqualTo(403);
                for (String simple :
                        List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")) {
                    if (method.equals("POST")) {
                        assertThat(status(system.ask(port, "alice", method, path, body, "Content-Type: " + simple)))
                                .as("%s with %s", path, simple)
                                .isEqualTo(415);
                    }
                }
            }
        }
        unharmed();
    }

    @Test
    void instances_at_addresses_inside_are_refused_in_every_spelling() throws Exception {
        for (String host : List.of(
                "169.254.169.254",
                "::ffff:169.254.169.254",
                "[::ffff:a9fe:a9fe]",
                "64:ff9b::a9fe:a9fe",
                "0xa9fea9fe",
                "2852039166",
                "0251.0376.0251.0376",
                "169.254.43518",
                "fe80::1",
                "fd00:ec2::254",
                "100.100.100.200",
                "metadata.google.internal",
                "metadata.google.internal.",
                "0.0.0.0",
                "::")) {
            String fake = instance("inside", host);
            assertThat(status(system.ask(
                            system.registryPort(), "shop.Payments", "POST", "/treaty.Registry/register", fake)))
                    .as(host)
                    .isIn(400, 403);
            String consul = "{\"ID\":\"inside\",\"Name\":\"shop.Payments\",\"Address\":\"" + host
                    + "\",\"Port\":9,\"Check\":{\"HTTP\":\"http://"
                    + (host.contains(":") ? "[" + host.replaceAll("[\\[\\]]", "") + "]" : host)
                    + "/latest/meta-data\",\"Interval\":\"1s\"}}";
            assertThat(status(system.ask(
                            system.consulPort(), "shop.Payments", "PUT", "/v1/agent/service/register", consul)))
                    .as("Consul: %s", host)
                    .isIn(400, 403);
            if (!host.contains(":") && !host.matches("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+")) {
                continue; // as a name, whose addresses are checked at each run
            }
            String check = "{\"ID\":\"inside\",\"Name\":\"shop.Payments\",\"Address\":\"127.0.0.1\",\"Port\":9,"
                    + "\"Check\":{\"TCP\":\""
                    + (host.contains(":") ? "[" + host.replaceAll("[\\[\\]]", "") + "]" : host)
                    + ":80\",\"Interval\":\"1s\"}}";
            assertThat(status(system.ask(
                            system.consulPort(), "shop.Payments", "PUT", "/v1/agent/service/register", check)))
                    .as("check: %s", host)
                    .isIn(400, 403);
        }
        unharmed();
    }
}
