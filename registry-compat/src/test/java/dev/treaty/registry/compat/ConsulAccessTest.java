package dev.treaty.registry.compat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Principal.Proof;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.EndpointPolicy;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.RegistryQuotas;
import dev.treaty.security.AccessPolicy;
import dev.treaty.security.AccessPolicy.Effect;
import dev.treaty.security.AccessPolicy.Rule;
import dev.treaty.security.AccessRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Consul's API with security: tokens of callers, and what they may do. */
class ConsulAccessTest {
    private static final Map<String, Principal> TOKENS = Map.of(
            "orders", Principal.proven("shop.Orders", Proof.CERTIFICATE),
            "shop", Principal.proven("shop", Proof.CERTIFICATE),
            "web", Principal.proven("shop.Web", Proof.CERTIFICATE),
            "blind", Principal.proven("blind", Proof.TOKEN),
            "operator", new Principal("alice", Proof.TOKEN, Set.of("operator"), Map.of()));

    private static final AccessRules RULES = new AccessRules(new AccessPolicy(
            Map.of(
                    "blind",
                    new Rule(
                            List.of("blind"),
                            List.of(),
                            Map.of(),
                            List.of("shop.Orders"),
                            List.of("treaty.watch"),
                            Effect.DENY)),
            Map.of(),
            Map.of(),
            false));

    private final Treaty treaty = Treaty.open();
    private final ConsulApi api = api();
    private final HttpServer server =
            new HttpServer(HttpServerOptions.STANDARD, null, api.access(), Time.system(), RandomSource.system());
    private final HttpClient http = HttpClient.newHttpClient();

    ConsulAccessTest() {
        server.handle(ConsulApi.PREFIX, api);
    }

    private ConsulApi api() {
        var access = new AccessControl() {
            @Override
            public boolean enforced() {
                return true;
            }

            @Override
            public Authentication authenticate(Credentials credentials) {
                Principal caller = TOKENS.get(credentials.secret());
                return credentials.secret().isEmpty()
                        ? new Authentication.Accepted(Principal.ANONYMOUS)
                        : caller == null
                                ? new Authentication.Refused(
                                        Fault.unreached(Code.UNAUTHENTICATED, "the credentials are not valid"))
                                : new Authentication.Accepted(caller);
            }

            @Override
            public Decision authorize(Principal caller, String resource, String action) {
                return RULES.authorize(caller, resource, action);
            }
        };
        var protection = new RegistryProtection(access, new RegistryQuotas(3, 3), EndpointPolicy.DEFAULT);
        try {
            return new ConsulApi(treaty.registry(), Time.system(), null, CheckNetworks.LOOPBACK, protection);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void close() {
        api.close();
        server.close();
        treaty.close();
        http.close();
    }

    private HttpResponse<String> ask(String token, String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(server.endpoint() + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("X-Consul-Token", token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private int put(String token, String path, String body) throws Exception {
        return ask(token, "PUT", path, body).statusCode();
    }

    private int register(String token, String id, String address) throws Exception {
        return put(
                token,
                "/v1/agent/service/register",
                "{\"ID\":\"" + id + "\",\"Name\":\"shop.Orders\",\"Address\":\"" + address
                        + "\",\"Port\":8080,\"Check\":{\"CheckID\":\"c-" + id + "\",\"TTL\":\"60s\"}}");
    }

    private String read(String token, String path) throws Exception {
        HttpResponse<String> answer = ask(token, "GET", path, "");
        return answer.statusCode() + " " + answer.body();
    }

    @Test
    void another_identity_neither_registers_nor_changes_an_instance() throws Exception {
        assertThat(register("", "a", "10.0.0.1")).isEqualTo(401);
        assertThat(register("wrong", "a", "10.0.0.1")).isEqualTo(401);
        assertThat(register("web", "a", "10.0.0.1")).isEqualTo(403);
        assertThat(register("orders", "a", "10.0.0.1")).isEqualTo(200);
        for (String thief : List.of("web", "shop", "blind")) { // shop may register the service, but not this instance
            assertThat(register(thief, "a", "10.6.6.6")).as(thief).isEqualTo(403);
            assertThat(put(thief, "/v1/agent/service/deregister/a", ""))
                    .as(thief)
                    .isEqualTo(403);
            assertThat(put(thief, "/v1/agent/check/fail/c-a", "")).as(thief).isEqualTo(403);
            assertThat(put(thief, "/v1/agent/check/update/c-a", "{\"Status\":\"critical\"}"))
                    .as(thief)
                    .isEqualTo(403);
            assertThat(put(thief, "/v1/agent/service/maintenance/a?enable=true", ""))
                    .as(thief)
                    .isEqualTo(403);
        }
        assertThat(read("web", "/v1/health/service/shop.Orders"))
                .contains("10.0.0.1")
                .doesNotContain("10.6.6.6");
        assertThat(put("orders", "/v1/agent/check/pass/c-a", "")).isEqualTo(200);
        assertThat(read("web", "/v1/health/service/shop.Orders?passing")).contains("10.0.0.1");
        assertThat(put("operator", "/v1/agent/service/maintenance/a?enable=true", ""))
                .isEqualTo(200);
        assertThat(read("web", "/v1/health/service/shop.Orders?passing")).doesNotContain("10.0.0.1");
        assertThat(put("orders", "/v1/agent/service/deregister/a", "")).isEqualTo(200);
    }

    @Test
    void what_a_caller_may_not_watch_is_in_no_answer() throws Exception {
        assertThat(register("orders", "a", "10.0.0.1")).isEqualTo(200);
        List<String> paths = List.of(
                "/v1/catalog/services",
                "/v1/catalog/service/shop.Orders",
                "/v1/catalog/node/treaty",
                "/v1/catalog/node-services/treaty",
                "/v1/health/service/shop.Orders",
                "/v1/health/checks/shop.Orders",
                "/v1/health/state/any",
                "/v1/health/node/treaty",
                "/v1/agent/services",
                "/v1/agent/checks",
                "/v1/agent/service/a",
                "/v1/agent/health/service/id/a",
                "/v1/agent/health/service/name/shop.Orders");
        for (String path : paths) {
            assertThat(read("", path)).as(path).startsWith("401 ");
            assertThat(read("blind", path))
                    .as(path)
                    .doesNotContain("shop.Orders\"")
                    .doesNotContain("10.0.0.1");
        }
        assertThat(paths.stream().filter(path -> readsOrders(path)).count()).isGreaterThan(8);
    }

    private boolean readsOrders(String path) {
        try {
            return read("web", path).contains("shop.Orders");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void one_identity_registers_as_many_instances_as_its_quota_and_none_at_addresses_of_others() throws Exception {
        assertThat(register("orders", "m", "169.254.169.254")).isEqualTo(400);
        for (int i = 0; i < 3; i++) {
            assertThat(register("orders", "a" + i, "10.0.0." + i)).isEqualTo(200);
        }
        assertThat(register("orders", "a3", "10.0.0.3")).isEqualTo(503);
        assertThat(register("shop", "b", "10.0.0.4")).isEqualTo(200);
        assertThat(put("orders", "/v1/agent/service/deregister/a0", "")).isEqualTo(200);
        assertThat(register("orders", "a3", "10.0.0.3")).isEqualTo(200);
    }
}
