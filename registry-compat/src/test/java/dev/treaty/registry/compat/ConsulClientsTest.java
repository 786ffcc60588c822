package dev.treaty.registry.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ecwid.consul.v1.ConsulClient;
import com.ecwid.consul.v1.OperationException;
import com.ecwid.consul.v1.QueryParams;
import com.ecwid.consul.v1.Response;
import com.ecwid.consul.v1.agent.model.NewCheck;
import com.ecwid.consul.v1.agent.model.NewService;
import com.ecwid.consul.v1.catalog.CatalogServicesRequest;
import com.ecwid.consul.v1.catalog.model.CatalogDeregistration;
import com.ecwid.consul.v1.catalog.model.CatalogRegistration;
import com.ecwid.consul.v1.catalog.model.CatalogService;
import com.ecwid.consul.v1.health.HealthChecksForServiceRequest;
import com.ecwid.consul.v1.health.HealthServicesRequest;
import com.ecwid.consul.v1.health.model.Check;
import com.ecwid.consul.v1.health.model.HealthService;
import com.sun.net.httpserver.HttpServer;
import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.server.FileStore;
import dev.treaty.simulation.Polling;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests of Consul's clients about services and health: each works, or is refused with a reason. */
class ConsulClientsTest extends ServedConsulApi {
    private static final ServiceName ORDERS = new ServiceName("shop-orders");

    private final ConsulClient consul =
            new ConsulClient("127.0.0.1", server.endpoint().port());

    private HttpResponse<String> register(String fields) throws Exception {
        return ask("PUT", "/v1/agent/service/register", "{\"Name\": \"shop-orders\", \"Port\": 1, " + fields + "}");
    }

    private ServiceInstance only() {
        return treaty.registry().instances(ORDERS).getFirst();
    }

    private static NewService service(String id, int port) {
        var service = new NewService();
        service.setId(id);
        service.setName("shop-orders");
        service.setAddress("127.0.0.1");
        service.setPort(port);
        service.setTags(List.of("secure=false", "web"));
        service.setMeta(Map.of("zone", "eu"));
        return service;
    }

    private HttpServer web(AtomicInteger status) throws Exception {
        var web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/health", exchange -> {
            exchange.getResponseHeaders().set("Location", "/other");
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        web.createContext("/other", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        web.start();
        return web;
    }

    @Test
    void the_java_client_of_spring_cloud_registers_with_an_http_check_and_discovers() throws Exception {
        var status = new AtomicInteger(200);
        HttpServer web = web(status);
        try {
            var service = service("orders-1", web.getAddress().getPort());
            var check = new NewService.Check();
            check.setHttp("http://localhost:" + web.getAddress().getPort() + "/health");
            check.setInterval("1s");
            check.setTimeout("2s");
            check.setHeader(Map.of());
            check.setTlsSkipVerify(false);
            service.setCheck(check);
            consul.agentServiceRegister(service, "a token");

            var passing = HealthServicesRequest.newBuilder()
                    .setPassing(true)
                    .setTags(new String[] {"web", "SECURE=false"})
                    .setQueryParams(QueryParams.DEFAULT)
                    .build();
            Polling.until(() ->
                    consul.getHealthServices("shop-orders", passing).getValue().size() == 1);
            HealthService found =
                    consul.getHealthServices("shop-orders", passing).getValue().getFirst();
            assertThat(found.getService().getTags()).containsExactly("secure=false", "web");
            assertThat(found.getService().getMeta()).isEqualTo(Map.of("zone", "eu"));
            assertThat(found.getChecks().getFirst().getOutput()).contains("answers 200");

            status.set(302);
            Polling.until(() ->
                    consul.getHealthServices("shop-orders", passing).getValue().isEmpty());
            assertThat(only().health().message()).as("no redirect is followed").contains("answers 302");
            Response<List<Check>> checks = consul.getHealthChecksForService(
                    "shop-orders", HealthChecksForServiceRequest.newBuilder().build());
            assertThat(checks.getValue().getFirst().getStatus()).isEqualTo(Check.CheckStatus.CRITICAL);
            assertThat(checks.getConsulIndex()).isPositive();
        } finally {
            web.stop(0);
        }
    }

    @Test
    @SuppressWarnings("deprecation") // Spring Cloud uses these methods
    void the_java_client_of_spring_cloud_reads_catalog_agent_and_status() {
        consul.agentServiceRegister(service("orders-1", 9_000));

        assertThat(consul.getCatalogServices(CatalogServicesRequest.newBuilder()
                                .setQueryParams(QueryParams.DEFAULT)
                                .build())
                        .getValue())
                .containsEntry("shop-orders", List.of("secure=false", "web"));
        assertThat(consul.getCatalogService("shop-orders", QueryParams.DEFAULT).getValue())
                .extracting(CatalogService::getServiceId)
                .containsExactly("orders-1");
        assertThat(consul.getCatalogNodes(QueryParams.DEFAULT).getValue()).hasSize(1);
        assertThat(consul.getCatalogNode("treaty", QueryParams.DEFAULT)
                        .getValue()
                        .getServices())
                .containsKey("orders-1");
        assertThat(consul.getCatalogDatacenters().getValue()).containsExactly("dc1");
        assertThat(consul.getHealthChecksForNode("treaty", QueryParams.DEFAULT).getValue())
                .hasSize(1);
        assertThat(consul.getHealthChecksState(Check.CheckStatus.PASSING, QueryParams.DEFAULT)
                        .getValue())
                .hasSize(1);
        assertThat(consul.getAgentServices().getValue()).containsKey("orders-1");
        assertThat(consul.getAgentChecks().getValue()).containsKey("service:orders-1");
        assertThat(consul.getAgentMembers().getValue()).hasSize(1);
        assertThat(consul.getAgentSelf().getValue().getConfig().getDatacenter()).isEqualTo("dc1");
        assertThat(consul.getStatusLeader().getValue()).contains("8300");
        assertThat(consul.getStatusPeers().getValue()).hasSize(1);

        consul.agentServiceSetMaintenance("orders-1", true, "new disk");
        assertThat(only().health().status()).isEqualTo(Status.CRITICAL);
        consul.agentServiceSetMaintenance("orders-1", false);
        assertThat(only().health().status()).isEqualTo(Status.PASSING);
        consul.agentServiceDeregister("orders-1");
        assertThat(treaty.registry().instances(ORDERS)).isEmpty();
    }

    @Test
    @SuppressWarnings("deprecation") // Spring Cloud uses these methods
    void what_the_java_client_asks_beyond_that_is_refused_with_a_reason() {
        assertThatThrownBy(() -> consul.agentCheckRegister(new NewCheck()))
                .isInstanceOf(OperationException.class)
                .hasMessageContaining("register the check with its service");
        assertThatThrownBy(() -> consul.agentCheckDeregister("service:a"))
                .hasMessageContaining("register the service again without Check");
        assertThatThrownBy(() -> consul.catalogRegister(new CatalogRegistration()))
                .hasMessageContaining("PUT /v1/agent/service/register");
        assertThatThrownBy(() -> consul.catalogDeregister(new CatalogDeregistration()))
                .hasMessageContaining("PUT /v1/agent/service/register");
        assertThatThrownBy(() -> consul.agentSetMaintenance(true)).hasMessageContaining("no /v1/agent/maintenance");
        assertThatThrownBy(() -> consul.getCatalogServices(new QueryParams("dc2")))
                .hasMessageContaining("No path to datacenter dc2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/health/service/a?filter=x",
                "/v1/catalog/services?ns=team",
                "/v1/health/connect/a",
                "/v1/agent/connect/ca/roots",
                "/v1/health/state/odd",
                "/v1/kv/x"
            })
    void queries_that_traefik_may_be_configured_to_make_are_refused_with_a_reason(String path) throws Exception {
        var refused = ask("GET", path, "");
        assertThat(refused.statusCode()).isIn(400, 404);
        assertThat(refused.body()).isNotBlank();
    }

    @Test
    void queries_of_traefik_work() throws Exception {
        register("\"ID\": \"a\", \"Tags\": [\"traefik.enable=true\", \"web\"]");

        assertThat(ask("GET", "/v1/catalog/services?stale=&wait=1s", "").body())
                .isEqualTo("{\"shop-orders\":[\"traefik.enable=true\",\"web\"]}");
        assertThat(ask("GET", "/v1/health/service/shop-orders?tag=web&tag=traefik.enable%3Dtrue&passing=1", "")
                        .body())
                .contains("\"ID\":\"a\"");
        assertThat(ask("GET", "/v1/health/service/shop-orders?tag=web&tag=other", "")
                        .body())
                .as("every tag is required")
                .isEqualTo("[]");
        assertThat(ask("GET", "/v1/health/state/any", "").body()).contains("\"ServiceID\":\"a\"");
        assertThat(ask("GET", "/v1/health/service/shop-orders?node-meta=rack:1", "")
                        .body())
                .as("the node has no metadata")
                .isEqualTo("[]");
    }

    @Test
    void tags_are_as_registered_R7(@TempDir Path data) throws Exception {
        String tags = "[\"web,websecure\",\"\",\"[x]\",\"a\\\\b\"]";
        try (Treaty other = Treaty.open();
                var stored =
                        new ConsulApi(other.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            server.handle("/v1/", stored);
            register("\"ID\": \"a\", \"Tags\": " + tags);
            register("\"ID\": \"b\", \"Tags\": [\"plain\", \"two\"]");
            assertThat(ask("GET", "/v1/agent/services", "").body()).contains("\"Tags\":" + tags);
        }
        try (Treaty other = Treaty.open();
                var stored =
                        new ConsulApi(other.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            server.handle("/v1/", stored);
            assertThat(ask("GET", "/v1/agent/services", "").body()).contains("\"Tags\":" + tags);
            assertThat(ask("GET", "/v1/health/service/shop-orders?tag=web,websecure", "")
                            .body())
                    .contains("\"ID\":\"a\"")
                    .doesNotContain("\"ID\":\"b\"");
            assertThat(ask("GET", "/v1/health/service/shop-orders?tag=web", "").body())
                    .isEqualTo("[]");
            assertThat(other.registry().instances(ORDERS).getLast().metadata()).containsEntry("tags", "plain,two");
        }
    }

    @Test
    void what_treaty_does_not_use_is_shown_as_registered_R7() throws Exception {
        String addresses = "{\"lan\":{\"Address\":\"10.0.0.1\",\"Port\":2}}";
        register("\"ID\": \"a\", \"Meta\": {\"version\": \"v2-beta\"}, \"Weights\": {\"Passing\": 7, \"Warning\": 2},"
                + " \"TaggedAddresses\": " + addresses + ", \"EnableTagOverride\": true,"
                + " \"Check\": {\"CheckID\": \"c\", \"Name\": \"n\", \"Notes\": \"o\", \"TTL\": \"1m\"}");

        Map<?, ?> entry = (Map<?, ?>) ((List<?>) Json.read(
                        ask("GET", "/v1/health/service/shop-orders", "").body()))
                .getFirst();
        Map<?, ?> service = (Map<?, ?>) entry.get("Service");
        assertThat(service.get("Meta")).isEqualTo(Map.of("version", "v2-beta"));
        assertThat(service.get("Weights")).isEqualTo(Map.of("Passing", 7, "Warning", 2));
        assertThat(Json.text(service.get("TaggedAddresses"))).isEqualTo(addresses);
        assertThat(service.get("EnableTagOverride")).isEqualTo(true);
        Map<?, ?> check = (Map<?, ?>) ((List<?>) entry.get("Checks")).getFirst();
        assertThat(check.get("CheckID")).isEqualTo("c");
        assertThat(check.get("Name")).isEqualTo("n");
        assertThat(check.get("Notes")).isEqualTo("o");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        "Tags": [1]                                         | a tag must be a string
        "Tags": "a"                                         | Tags must be a list
        "Meta": "a"                                         | Meta must be an object
        "Weights": 7                                        | Weights must be an object
        "Weights": {"Passing": "a"}                         | Passing must be a whole number
        "TaggedAddresses": {"lan": "a"}                     | lan must be an object
        "EnableTagOverride": "no"                           | EnableTagOverride must be a boolean
        "Checks": {"TTL": "1s"}                             | Checks must be a list
        "Check": "TTL"                                      | Check must be an object
        "Check": {"TTL": "0s"}                              | TTL of the check must be positive
        "Meta": {"a": 1}                                    | Meta.a must be a string
        "Meta": {"tags": "x"}                               | uses Meta.tags itself
        "Weights": {"Passing": 5000}                        | Weights.Passing is 5000
        "Connect": {"Native": true}                         | cannot keep Connect
        "SocketPath": "/x"                                  | cannot keep SocketPath
        "Checks": [{"TTL": "1s"}, {"TTL": "2s"}]            | one check for an instance, not 2
        "Check": {"HTTP": "http://127.0.0.1/", "Interval": "1s", "Header": {"a": ["b"]}} | cannot keep Check.Header
        "Check": {"HTTP": "http://127.0.0.1/", "Interval": "1s", "Method": "POST"} | checks with GET, not with POST
        "Check": {"HTTP": "http://127.0.0.1/"}              | Interval of the check must be at least 1s
        "Check": {"HTTP": "http://a:b@127.0.0.1/", "Interval": "1s"} | no valid HTTP address
        "Check": {"HTTP": "https://shop.example/", "Interval": "1s"} | needs an IP address
        "Check": {"TTL": "1s", "TCP": "127.0.0.1:1"}        | either TTL or TCP
        """)
    void what_cannot_be_kept_is_refused_with_a_reason_R7(String fields, String reason) throws Exception {
        var refused = register(fields);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains(reason);
        assertThat(treaty.registry().instances(ORDERS)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data",
                "http://[fe80::1]/",
                "http://0.0.0.0:80/",
                "http://10.0.0.1/",
                "http://[::ffff:169.254.169.254]/",
                "http://255.255.255.255/",
                "http://224.0.0.1/"
            })
    void checks_connect_to_allowed_networks_only(String target) throws Exception {
        var refused = register("\"Check\": {\"HTTP\": \"" + target + "\", \"Interval\": \"1s\"}");
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
        assertThat(refused.body()).contains("checks may not connect to");
    }

    @Test
    void an_allowed_network_never_has_link_local_addresses() {
        CheckNetworks all = CheckNetworks.of(List.of("0.0.0.0/0", "::/0"));
        assertThat(all.resolve("10.1.2.3").getHostAddress()).isEqualTo("10.1.2.3");
        assertThatThrownBy(() -> all.resolve("169.254.169.254")).hasMessageContaining("never checked");
        CheckNetworks some = CheckNetworks.of(List.of("10.4.0.0/14"));
        assertThat(some.resolve("10.7.255.255")).isNotNull();
        assertThatThrownBy(() -> some.resolve("10.8.0.0")).hasMessageContaining("--check-network");
        assertThatThrownBy(() -> CheckNetworks.of(List.of("10.0.0.0/33"))).hasMessageContaining("is not a network");
    }

    @Test
    void tcp_checks_run_and_deregister_after_a_time() throws Exception {
        try (var listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            register("\"ID\": \"a\", \"Check\": {\"TCP\": \"127.0.0.1:" + listening.getLocalPort()
                    + "\", \"Interval\": \"1s\", \"DeregisterCriticalServiceAfter\": \"500ms\"}");
            Polling.until(() -> only().health().status() == Status.PASSING);
            assertThat(ask("PUT", "/v1/agent/check/pass/service:a", "").body())
                    .contains("does not have associated TTL");
            assertThat(ask("GET", "/v1/agent/health/service/id/a", "").statusCode())
                    .isEqualTo(200);
            assertThat(ask("GET", "/v1/agent/health/service/name/nothing", "").statusCode())
                    .isEqualTo(404);
        }
        Polling.until(() -> treaty.registry().instances(ORDERS).isEmpty());
    }

    @Test
    void grpc_checks_run() throws Exception {
        try (var listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            register("\"ID\": \"a\", \"Check\": {\"GRPC\": \"127.0.0.1:" + listening.getLocalPort()
                    + "/shop.Orders\", \"Interval\": \"1s\", \"Timeout\": \"1s\"}");
            Polling.until(() -> !only().health().message().isEmpty());
            assertThat(only().health().status()).as("nothing answers").isEqualTo(Status.CRITICAL);
        }
    }
}
