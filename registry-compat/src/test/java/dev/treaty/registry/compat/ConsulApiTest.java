package dev.treaty.registry.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.HostAndPort;
import dev.treaty.Treaty;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.FileStore;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.simulation.Polling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kiwiproject.consul.Consul;
import org.kiwiproject.consul.NotRegisteredException;
import org.kiwiproject.consul.cache.ServiceHealthCache;
import org.kiwiproject.consul.cache.ServiceHealthKey;
import org.kiwiproject.consul.model.agent.ImmutableRegistration;
import org.kiwiproject.consul.model.agent.Registration;

/** Consul's API, used by clients of Consul. */
class ConsulApiTest extends ServedConsulApi {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private static ServiceInstance instance(String id, Status status) {
        return ServiceInstance.of(
                        id, ORDERS, new Version(1, 4, 0), new ServiceEndpoint("http", "127.0.0.1", 8080), STARTED)
                .withHealth(ServiceHealth.of(status, STARTED));
    }

    @Test
    void the_java_client_registers_discovers_and_watches() {
        var consul = Consul.builder()
                .withHostAndPort(
                        HostAndPort.fromParts("127.0.0.1", server.endpoint().port()))
                .withReadTimeoutMillis(60_000) // longer than the ten seconds that its cache waits
                .build();
        try {
            Registration registration = ImmutableRegistration.builder()
                    .id("orders-java")
                    .name("shop.Orders")
                    .address("127.0.0.1")
                    .port(9000)
                    .addTags("java")
                    .check(Registration.RegCheck.ttl(3_600))
                    .build();
            consul.agentClient().register(registration);
            assertThat(consul.healthClient()
                            .getHealthyServiceInstances("shop.Orders")
                            .getResponse())
                    .as("passing before the check reports")
                    .isEmpty();
            consul.agentClient().pass("orders-java");
            var found = consul.healthClient()
                    .getHealthyServiceInstances("shop.Orders")
                    .getResponse();
            assertThat(found).hasSize(1);
            assertThat(found.getFirst().getService().getPort()).isEqualTo(9000);
            assertThat(treaty.registry().instances(ORDERS))
                    .extracting(ServiceInstance::id)
                    .containsExactly("orders-java");
            assertThat(consul.catalogClient().getServices().getResponse())
                    .containsEntry("shop.Orders", List.of("java"));

            try (var cache = ServiceHealthCache.newCache(consul.healthClient(), "shop.Orders")) {
                cache.start();
                Polling.until(() -> cache.getMap().size() == 1);
                treaty.registry().register(instance("orders-treaty", Status.PASSING));
                Polling.until(() -> cache.getMap().size() == 2);
                assertThat(cache.getMap()).containsKey(ServiceHealthKey.of("orders-treaty", "127.0.0.1", 8080));
            }
            consul.agentClient().deregister("orders-java");
            assertThat(treaty.registry().instances(ORDERS)).hasSize(1);
        } catch (NotRegisteredException e) {
            throw new AssertionError(e);
        } finally {
            consul.destroy();
        }
    }

    @Test
    void the_npm_client_registers_discovers_and_watches() throws Exception {
        assertThat(Node.run("consul.mjs", String.valueOf(server.endpoint().port())))
                .containsExactly(
                        "[]",
                        "[[\"orders-node\",\"127.0.0.1\",9001,[\"node\"],\"shop\"]]",
                        "[[\"passing\",\"well\"]]",
                        "{\"shop.Orders\":[\"node\"]}",
                        "[[\"orders-node\"],[\"orders-node\",\"orders-two\"],[\"orders-node\"]]",
                        "0");
    }

    @Test
    void a_query_blocks_until_a_change_or_until_its_wait_ends() throws Exception {
        var first = ask("GET", "/v1/health/service/shop.Orders?passing", "");
        assertThat(first.body()).isEqualTo("[]");
        String index = first.headers().firstValue("X-Consul-Index").orElseThrow();

        var over = ask("GET", "/v1/health/service/shop.Orders?passing&wait=50ms&index=" + index, "");
        assertThat(over.headers().firstValue("X-Consul-Index")).contains(index);
        var blocked = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("GET", "/v1/health/service/shop.Orders?passing&wait=1m&index=" + index, "");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        treaty.registry().register(instance("orders-1", Status.PASSING));
        assertThat(blocked.get(60, TimeUnit.SECONDS).body()).contains("\"ID\":\"orders-1\"", "\"Status\":\"passing\"");

        var names = ask("GET", "/v1/catalog/services", "");
        String before = names.headers().firstValue("X-Consul-Index").orElseThrow();
        assertThat(names.body()).isEqualTo("{\"shop.Orders\":[]}");
        assertThat(ask("GET", "/v1/catalog/services?wait=10ms&index=" + before, "")
                        .headers()
                        .firstValue("X-Consul-Index"))
                .contains(before);
    }

    @Test
    void the_passing_filter_excludes_warnings() throws Exception {
        for (Status status : Status.values()) {
            treaty.registry().register(instance("o-" + status, status));
        }

        String passing =
                ask("GET", "/v1/health/service/shop.Orders?passing", "").body();
        assertThat(passing).contains("o-PASSING", "o-UNKNOWN").doesNotContain("o-WARNING", "o-CRITICAL", "o-DRAINING");
        assertThat(ask("GET", "/v1/health/service/shop.Orders", "").body()).contains("o-WARNING", "o-DRAINING");
    }

    @Test
    void an_expired_check_is_critical_and_its_instance_is_deregistered() throws Exception {
        String body = """
            {"Name": "shop.Orders", "ID": "o", "Address": "127.0.0.1", "Port": 1,
             "Check": {"TTL": "300ms", "Status": "passing", "DeregisterCriticalServiceAfter": "300ms"}}\
            """;
        var events = new LinkedBlockingQueue<DiscoveryEvent>();
        try (var _ = treaty.registry().watch(ORDERS, events::add)) {
            put("service/register", body);

            assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Added.class);
            assertThat(events.poll(60, TimeUnit.SECONDS))
                    .isInstanceOfSatisfying(DiscoveryEvent.Updated.class, updated -> {
                        assertThat(updated.instance().health().status()).isEqualTo(Status.CRITICAL);
                        assertThat(updated.instance().health().message()).isEqualTo("TTL expired");
                    });
            assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Removed.class);
        }
        assertThat(ask("PUT", "/v1/agent/check/pass/service:o", "").statusCode())
                .isEqualTo(404);
    }

    @Test
    void an_instance_that_keeps_reporting_a_failure_is_deregistered() throws Exception {
        put("service/register", """
            {"Name": "shop.Orders", "ID": "o", "Port": 1,
             "Check": {"TTL": "1m", "Status": "passing", "DeregisterCriticalServiceAfter": "300ms"}}\
            """);
        assertThat(ask("PUT", "/v1/agent/check/fail/service:o", "").statusCode())
                .isEqualTo(200);
        Polling.until(() -> fails() == 404);
        assertThat(treaty.registry().instances(ORDERS)).isEmpty();
    }

    private int fails() {
        try {
            return ask("PUT", "/v1/agent/check/fail/service:o", "").statusCode();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_check_is_reported_by_its_id_which_no_other_instance_has() throws Exception {
        String body = """
            {"Name": "shop.Orders", "ID": "%s", "Port": 1, "Check": {"CheckID": "disk/a", "TTL": "1m"}}\
            """;
        put("service/register", body.formatted("o"));
        put("service/register", body.formatted("o"));
        assertThat(ask("PUT", "/v1/agent/service/register", body.formatted("p")).body())
                .contains("\"disk/a\" is that of instance o");
        assertThat(ask("PUT", "/v1/agent/check/pass/disk%2Fa", "").statusCode()).isEqualTo(200);
        assertThat(only(treaty).health().status()).isEqualTo(Status.PASSING);
    }

    @Test
    void unsupported_and_invalid_requests_are_rejected_with_a_message() throws Exception {
        assertThat(ask("PUT", "/v1/agent/service/register", "[]").body()).contains("not a JSON object");
        assertThat(ask("PUT", "/v1/agent/service/register", "{\"Name\": \"a b\", \"Port\": 1}")
                        .body())
                .contains("is not a service name");
        assertThat(ask("PUT", "/v1/agent/service/register", "{\"Name\": \"a\"}").body())
                .contains("Missing port");
        assertThat(ask("PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Port\":1,\"Check\":{\"Args\":[\"x\"]}}")
                        .body())
                .contains("cannot keep Check.Args");
        assertThat(ask("GET", "/v1/kv/x", "").statusCode()).isEqualTo(404);
        assertThat(ask("POST", "/v1/catalog/services", "").statusCode()).isEqualTo(405);
        assertThat(ask("GET", "/v1/health/service/a?index=x", "").statusCode()).isEqualTo(400);
        assertThat(ask("GET", "/v1/health/service/b%20c", "").body()).isEqualTo("[]");
    }

    private static final String WITH_TTL = """
        {"Name": "shop.Orders", "ID": "o", "Address": "127.0.0.1", "Port": 1, "Tags": ["blue", "eu"],
         "Meta": {"team": "shop"}, "Check": {"TTL": "1m", "DeregisterCriticalServiceAfter": "1h"}}\
        """;

    private void put(String path, String body) throws Exception {
        var response = ask("PUT", "/v1/agent/" + path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    private static ServiceInstance only(Treaty registry) {
        return registry.registry().instances(ORDERS).getFirst();
    }

    @Test
    void registering_again_updates_in_place_and_keeps_the_health() throws Exception {
        var events = new LinkedBlockingQueue<DiscoveryEvent>();
        put("service/register", WITH_TTL);
        put("check/pass/service:o", "");
        put("check/update/service:o", "{\"Status\": \"warning\", \"Output\": \"slow\"}");
        ServiceInstance before = only(treaty);
        try (var _ = treaty.registry().watch(ORDERS, events::add)) {
            put("service/register", WITH_TTL);
            put("service/register", WITH_TTL.replace("\"Port\": 1,", "\"Port\": 2,"));
            treaty.registry().register(instance("z", Status.PASSING));

            assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Added.class);
            assertThat(events.poll(60, TimeUnit.SECONDS))
                    .as("the next event")
                    .isInstanceOfSatisfying(DiscoveryEvent.Updated.class, updated -> {
                        assertThat(updated.instance().endpoint().port()).isEqualTo(2);
                        assertThat(updated.instance().health()).isEqualTo(before.health());
                        assertThat(updated.instance().startedAt()).isEqualTo(before.startedAt());
                    });
            assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Added.class);
        }
    }

    @Test
    void registering_again_with_another_check_has_its_initial_status() throws Exception {
        put("service/register", WITH_TTL);
        put("check/pass/service:o", "");
        put("service/register", WITH_TTL.replace("\"TTL\"", "\"CheckID\": \"other\", \"TTL\""));
        assertThat(only(treaty).health().status()).isEqualTo(Status.CRITICAL);
        put("check/pass/other", "");
        assertThat(only(treaty).health().status()).isEqualTo(Status.PASSING);

        put("service/register", WITH_TTL.replace("shop.Orders", "shop.Orders2"));
        assertThat(treaty.registry().instances(ORDERS)).isEmpty();
        assertThat(treaty.registry().instances(new ServiceName("shop.Orders2"))).hasSize(1);
    }

    @Test
    void registering_again_is_not_a_report_of_the_check() throws Exception {
        String body = """
            {"Name": "shop.Orders", "ID": "o", "Port": 1, "Check": {"TTL": "300ms", "Status": "passing"}}\
            """;
        Polling.until(() -> {
            try {
                put("service/register", body);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return only(treaty).health().message().equals("TTL expired");
        });
    }

    @Test
    void an_instance_is_unchanged_if_its_new_registration_is_rejected() throws Exception {
        var limits = new RegistryLimits(10, 1, 10, 10, 100, Duration.ofSeconds(1), Duration.ofMinutes(1), 1 << 30);
        try (var full = new EmbeddedRegistry(
                        new RegistryTable(limits, RandomSource.system()), Time.system(), Events.NONE);
                var other = new ConsulApi(full, Time.system())) {
            server.handle("/v1/agent/service/", other);
            put("service/register", WITH_TTL);
            put("service/register", WITH_TTL.replace("\"o\"", "\"p\""));

            var rejected = ask("PUT", "/v1/agent/service/register", WITH_TTL.replace("shop.Orders", "shop.More"));

            assertThat(rejected.body()).contains("the registry holds 1 services, which is its limit");
            assertThat(full.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("o", "p");
            put("service/deregister/o", "");
            assertThat(full.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("p");
        }
    }

    @Test
    void maintenance_overrides_the_reports_of_the_check() throws Exception {
        put("service/register", WITH_TTL);
        put("check/pass/service:o", "");
        put("service/maintenance/o?enable=true&reason=new%20disk", "");
        put("check/pass/service:o", "");
        put("service/register", WITH_TTL);
        assertThat(only(treaty).health().status()).isEqualTo(Status.CRITICAL);
        assertThat(only(treaty).health().message()).isEqualTo("new disk");

        put("check/fail/service:o?note=disk%20full", "");
        put("service/maintenance/o?enable=false", "");
        assertThat(only(treaty).health().status()).isEqualTo(Status.CRITICAL);
        assertThat(only(treaty).health().message()).isEqualTo("disk full");

        put("check/pass/service:o", "");
        assertThat(only(treaty).health().status()).isEqualTo(Status.PASSING);
        assertThat(ask("PUT", "/v1/agent/service/maintenance/o", "").body()).contains("Missing value for enable");
        assertThat(ask("PUT", "/v1/agent/service/maintenance/x?enable=true", "").statusCode())
                .isEqualTo(404);
    }

    @Test
    void instances_stay_registered_when_the_api_is_closed() throws Exception {
        put("service/register", WITH_TTL);
        api.close();
        assertThat(treaty.registry().instances(ORDERS)).hasSize(1);
        assertThat(ask("PUT", "/v1/agent/service/register", WITH_TTL).statusCode())
                .isEqualTo(503);
    }

    @Test
    void instances_are_restored_after_a_restart(@TempDir Path data) throws Exception {
        List<ServiceInstance> before;
        try (Treaty first = Treaty.open();
                var stored =
                        new ConsulApi(first.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            server.handle("/v1/agent/", stored);
            put("service/register", WITH_TTL);
            put("check/warn/service:o?note=slow", "");
            put("service/register", WITH_TTL.replace("\"o\"", "\"gone\""));
            put("service/deregister/gone", "");
            put("service/register", "{\"Name\": \"shop.Orders\", \"ID\": \"plain\", \"Port\": 3}");
            put("service/maintenance/plain?enable=true&reason=new%20disk", "");
            before = first.registry().instances(ORDERS);
            put("service/register", WITH_TTL.replace("\"o\"", "\"short\"").replace("1m", "300ms"));
            put("check/pass/service:short", "");
        }

        try (Treaty second = Treaty.open();
                var stored =
                        new ConsulApi(second.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            server.handle("/v1/agent/", stored);
            List<ServiceInstance> after = second.registry().instances(ORDERS);
            assertThat(after).extracting(ServiceInstance::id).containsExactly("o", "plain", "short");
            assertThat(after.subList(0, 2))
                    .usingRecursiveComparison()
                    .ignoringFields("health.timestamp")
                    .isEqualTo(before);
            put("check/pass/service:o", "");
            put("service/maintenance/plain?enable=false", "");
            Polling.until(() -> second.registry()
                    .instances(ORDERS)
                    .getLast()
                    .health()
                    .message()
                    .equals("TTL expired"));
        }

        try (Treaty third = Treaty.open();
                var _ = new ConsulApi(third.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            assertThat(third.registry().instances(ORDERS))
                    .extracting(i -> i.id() + " " + i.health().status())
                    .containsExactly("o PASSING", "plain PASSING", "short CRITICAL");
        }
    }

    @Test
    void a_file_that_cannot_be_read_is_reported_by_name(@TempDir Path data) throws Exception {
        try (Treaty first = Treaty.open();
                var stored =
                        new ConsulApi(first.registry(), Time.system(), new FileStore(data), CheckNetworks.LOOPBACK)) {
            server.handle("/v1/agent/", stored);
            put("service/register", WITH_TTL);
        }
        Path broken = Files.writeString(data.resolve("0.json"), "{\"Name\": ");
        try (var store = new FileStore(data)) {
            assertThatThrownBy(() -> new ConsulApi(treaty.registry(), Time.system(), store, CheckNetworks.LOOPBACK))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the instance in 0.json cannot be registered again: the text is not valid")
                    .hasMessageContaining("repair the file, or delete it");
        }
        Files.writeString(broken, "{\"Name\": \"a\", \"Port\": 1}");
        try (var store = new FileStore(data)) {
            assertThatThrownBy(() -> new ConsulApi(treaty.registry(), Time.system(), store, CheckNetworks.LOOPBACK))
                    .hasMessageContaining("0.json");
        }
        assertThat(treaty.registry().instances(ORDERS)).isEmpty();
    }

    /** Runs the scripts of {@code src/test/node}, with their packages installed into {@code target/node}. */
    private static final class Node {
        static List<String> run(String script, String... arguments) throws IOException, InterruptedException {
            Path target = Files.createDirectories(Path.of("target/node"));
            try (var sources = Files.list(Path.of("src/test/node"))) {
                for (Path source : sources.toList()) {
                    Files.write(target.resolve(source.getFileName()), Files.readAllBytes(source));
                }
            }
            if (!Files.exists(target.resolve("node_modules/.package-lock.json"))) {
                start(target, List.of("npm", "ci"));
            }
            var command = new ArrayList<>(List.of("node", script));
            command.addAll(List.of(arguments));
            return start(target, command).lines().toList();
        }

        private static String start(Path target, List<String> command) throws IOException, InterruptedException {
            Path errors = target.resolve(command.getFirst() + ".log");
            Process process = new ProcessBuilder(command)
                    .directory(target.toFile())
                    .redirectError(errors.toFile())
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor())
                    .as(command + ": " + output + Files.readString(errors))
                    .isZero();
            return output;
        }
    }
}
