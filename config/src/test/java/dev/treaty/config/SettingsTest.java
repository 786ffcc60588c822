package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.Jitter;
import dev.treaty.resilience.Policies;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");

    private static Settings parse(String yaml, Map<String, String> environment) {
        return Settings.parse("treaty.yaml", yaml, environment);
    }

    private static Settings parse(String yaml) {
        return parse(yaml, Map.of());
    }

    @Test
    void an_empty_configuration_has_the_defaults() {
        assertThat(parse("")).isEqualTo(Settings.DEFAULTS);
        assertThat(parse("# only a comment\n---\n")).isEqualTo(Settings.DEFAULTS);
        assertThat(parse("client:\nservices:\nrun:\nserver: ~\n")).isEqualTo(Settings.DEFAULTS);
        assertThat(Settings.of(Map.of("PATH", "/bin"))).isEqualTo(Settings.DEFAULTS);
    }

    @Test
    void all_keys_are_read() {
        Settings settings = parse("""
            name: storefront
            region: eu
            zone: eu-1a
            registry: treaty://[::1]:7400
            registry-server:
              data: /var/lib/treaty
              eviction-ratio-max: 20%
              eviction-window: 30s
              deregister-after: 10m
              instances-max: 1000
            server:
              host: 0.0.0.0
              port: 8080
              body-bytes-max: 8MiB
              drain: 1m30s
              advertise: shop.example.org
              weight: 250
              metadata: {team: shop, commit: "f00"}
            client: {connections-max: 10, idle-connections-max: 0, connect-timeout: PT0.5S, body-bytes-max: 65536}
            metrics: {enabled: false}
            run:
              - contract: shop.Orders
                implementation: shop.StoredOrders
                class-path: [shop.jar, lib/]
                instances: 3
                jvm: ["-Xmx64m", "-Xlog:gc,heap"]
                port: 9000
              - {name: legacy.Web, address: "http://127.0.0.1:8080", health: /health, version: "2.1"}
            """);
        assertThat(settings.name()).isEqualTo("storefront");
        assertThat(settings.region()).isEqualTo("eu");
        assertThat(settings.zone()).isEqualTo("eu-1a");
        assertThat(settings.server().weight()).isEqualTo(250);
        assertThat(settings.server().metadata()).isEqualTo(Map.of("team", "shop", "commit", "f00"));
        assertThat(settings.registry()).isEqualTo(new RegistryAddress.Network("::1", 7400));
        assertThat(settings.registryServer())
                .isEqualTo(new RegistryServerSettings(
                        Optional.of("/var/lib/treaty"),
                        0.2,
                        Duration.ofSeconds(30),
                        Optional.of(Duration.ofMinutes(10)),
                        1_000));
        assertThat(settings.server().port()).isEqualTo(8080);
        assertThat(settings.server().bodyBytesMax()).isEqualTo(8 << 20);
        assertThat(settings.server().drain()).isEqualTo(Duration.ofSeconds(90));
        assertThat(settings.server().advertisedHost()).isEqualTo("shop.example.org");
        assertThat(settings.client()).isEqualTo(new ClientSettings(10, 0, Duration.ofMillis(500), 65_536));
        assertThat(settings.metrics().enabled()).isFalse();
        assertThat(settings.run())
                .containsExactly(
                        new RunSettings.Hosted(
                                "shop.Orders",
                                "shop.StoredOrders",
                                List.of("shop.jar", "lib/"),
                                3,
                                List.of("-Xmx64m", "-Xlog:gc,heap"),
                                9000),
                        new RunSettings.Existing(
                                new ServiceName("legacy.Web"),
                                URI.create("http://127.0.0.1:8080"),
                                "/health",
                                new Version(2, 1, 0),
                                HealthPolicy.STANDARD));
    }

    @Test
    void services_that_run_already_have_a_health_check_by_scheme() {
        Settings settings = parse("""
            run:
              - {name: a.Rpc, address: "grpc://10.0.0.1:9090", health: grpc/a.Rpc, check: {interval: 5s, fall: 3}}
              - {name: a.Rpc, address: "grpc://10.0.0.2:9090"}
              - {name: a.Database, address: "tcp://db:5432"}
              - {name: a.Web, address: "https://[::1]"}
            """);
        var existing =
                settings.run().stream().map(RunSettings.Existing.class::cast).toList();
        assertThat(existing).extracting(RunSettings.Existing::health).containsExactly("grpc/a.Rpc", "grpc", "tcp", "/");
        assertThat(existing.getFirst().check())
                .isEqualTo(new HealthPolicy(Duration.ofSeconds(5), Duration.ofSeconds(1), 1, 3));
        assertThat(existing)
                .extracting(e -> e.endpoint().toString())
                .containsExactly("grpc://10.0.0.1:9090", "grpc://10.0.0.2:9090", "tcp://db:5432", "https://[::1]:443");
    }

    private static FaultTolerance of(Policies policies, String operation) {
        return policies.of(Operation.unknown(operation));
    }

    @Test
    void operations_inherit_from_their_service_and_services_from_the_defaults() {
        Settings settings = parse("""
            services:
              shop.Orders:
                deadline: 500ms
                retry: {attempts: 4}
                operations:
                  get: {deadline: 100ms, retry: {jitter: EQUAL}}
            defaults:
              level: Enhanced
              retry: {budget: 30%}
            """);
        Policies orders = settings.service(ORDERS);
        FaultTolerance get = of(orders, "get");
        FaultTolerance place = of(orders, "place");
        assertThat(get.level()).isEqualTo(IsolationLevel.ENHANCED);
        assertThat(get.deadline()).isEqualTo(Duration.ofMillis(100));
        assertThat(get.retry().attempts()).isEqualTo(4);
        assertThat(get.retry().jitter()).isEqualTo(Jitter.EQUAL);
        assertThat(get.retry().budget()).isEqualTo(0.3);
        assertThat(place).isSameAs(orders.service());
        assertThat(place.deadline()).isEqualTo(Duration.ofMillis(500));
        assertThat(place.retry().jitter()).isEqualTo(Jitter.FULL);
        assertThat(of(settings.service(new ServiceName("other")), "get")).isEqualTo(settings.defaults());
        assertThat(settings.defaults().deadline()).isEqualTo(FaultTolerance.DEFAULT.deadline());
    }

    @Test
    void the_environment_overrides_the_file() {
        var environment = Map.of(
                "TREATY_SERVER_PORT", "8081",
                "TREATY_SERVER_ADVERTISE", "shop",
                "TREATY_DEFAULTS_RETRY_ATTEMPTS", "2",
                "TREATY_SERVICES_SHOP_ORDERS_DEADLINE", "3s",
                "TREATY_SERVICES_SHOP_ORDERS_OPERATIONS_GET_DEADLINE", "1s",
                "TREATY_RUN_0_INSTANCES", "5",
                "TREATY_NAME", "$keeps ${this}");
        Settings settings = parse("""
            server: {port: 8080}
            services: {shop.Orders: {deadline: 9s, operations: {get: {}}}}
            run: [{contract: a, implementation: b, instances: 1}]
            """, environment);
        assertThat(settings.server().port()).isEqualTo(8081);
        assertThat(settings.server().advertise()).contains("shop");
        assertThat(settings.service(ORDERS).service().retry().attempts()).isEqualTo(2);
        assertThat(of(settings.service(ORDERS), "place").deadline()).isEqualTo(Duration.ofSeconds(3));
        assertThat(of(settings.service(ORDERS), "get").deadline()).isEqualTo(Duration.ofSeconds(1));
        assertThat(((RunSettings.Hosted) settings.run().getFirst()).instances()).isEqualTo(5);
        assertThat(settings.name()).isEqualTo("$keeps ${this}");
    }

    @Test
    void variables_of_the_launcher_and_of_kubernetes_are_ignored() {
        var environment = Map.of(
                "TREATY_DEBUG", "1",
                "TREATY_LOG", "DEBUG",
                "TREATY_JAVA_OPTIONS", "-Xmx1g",
                "TREATY_PORT", "tcp://10.0.0.1:80",
                "TREATY_SERVER_PORT", "tcp://10.0.0.1:80",
                "TREATY_REGISTRY_SERVICE_HOST", "10.0.0.1",
                "TREATY_REGISTRY_SERVICE_PORT_HTTP", "7400",
                "TREATY_REGISTRY_PORT_7400_TCP_ADDR", "10.0.0.1");
        assertThat(parse("", environment)).isEqualTo(Settings.DEFAULTS);
        var ofTheLauncher = Map.of("TREATY_DEBUG", "1", "TREATY_LOG", "debug", "TREATY_JAVA_OPTIONS", "-Xmx1g");
        assertThat(parse("", ofTheLauncher)).isEqualTo(Settings.DEFAULTS);
    }

    @Test
    void values_may_refer_to_variables() {
        var environment = Map.of("ZONE", "eu", "EMPTY", "");
        assertThat(parse("zone: ${ZONE}-${RACK:1a}", environment).zone()).isEqualTo("eu-1a");
        assertThat(parse("zone: \"${EMPTY}${GONE:}\"", environment).zone()).isEmpty();
        assertThat(parse("name: \"$${ZONE} $5 {}\"", environment).name()).isEqualTo("${ZONE} $5 {}");
        assertThat(parse("server: {port: \"${PORT:8080}\"}", environment)
                        .server()
                        .port())
                .isEqualTo(8080);
    }

    @Test
    void the_origin_of_each_value_is_recorded() {
        var effective = Settings.effective(
                "treaty.yaml",
                "server:\n  port: 8080\nservices: {shop.Orders: {deadline: 2s}}",
                Map.of("TREATY_ZONE", "eu"));
        assertThat(effective.values())
                .extracting(Setting::toString)
                .contains(
                        "server.port = 8080  # treaty.yaml:2",
                        "server.drain = 10s  # default",
                        "zone = eu  # TREATY_ZONE",
                        "services.shop.Orders.deadline = 2s  # treaty.yaml:3",
                        "services.shop.Orders.retry.backoff = 20ms  # inherited");
    }

    @Test
    void files_are_read_or_rejected_with_the_reason(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("treaty.yaml");
        Files.writeString(file, "\uFEFFname: größe\n");
        assertThat(Settings.load(file, Map.of()).name()).isEqualTo("größe");

        Files.write(file, "name: größe\n".getBytes(StandardCharsets.ISO_8859_1));
        refuses(file, "line 1 is not encoded in UTF-8 (byte 0xF6): save the file in UTF-8");
        Files.writeString(file, "#".repeat(Settings.FILE_BYTES_MAX + 1));
        refuses(file, "the file is larger than 1048576 bytes: shorten it, or divide it");
        Files.writeString(file, "#".repeat(Settings.FILE_BYTES_MAX));
        assertThat(Settings.load(file, Map.of())).isEqualTo(Settings.DEFAULTS);
        refuses(folder.resolve("gone.yaml"), "there is no such file: create it, or correct the path");
        assertThatThrownBy(() -> Settings.load(folder, Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("this is a directory: name a file");
    }

    private static void refuses(Path file, String message) {
        assertThatThrownBy(() -> Settings.load(file, Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(file + ": " + message);
    }

    @Test
    void secrets_are_not_shown_W12() {
        var environment = Map.of("DBPASS", "hunter2hunter2", "TREATY_NAME", "postgres://app:hunter2hunter2@db");
        var effective = Settings.effective("treaty.yaml", """
            zone: ${DBPASS:hunter2hunter2}
            server:
              port: ${PORT:8080}
              metadata:
                dsn: jdbc:postgresql://db/shop?user=app&password=${DBPASS}
                db-password: hunter2hunter2
                plain: app
            run:
              - {contract: a.B, implementation: a.C, jvm: ["-Ddb=${DBPASS}", "-Dapi.key=hunter2hunter2"]}
            registry: etcd://${HOST:10.0.0.1}:2379?user=a&password-file=/run/secret
            """, environment);
        assertThat(effective.settings().zone()).isEqualTo("hunter2hunter2");
        assertThat(effective.values()).noneMatch(setting -> setting.toString().contains("hunter2"));
        assertThat(effective.values())
                .extracting(Setting::toString)
                .contains(
                        "zone = ${DBPASS}  # treaty.yaml:1",
                        "server.port = 8080  # treaty.yaml:3",
                        "server.metadata.db-password = ***  # treaty.yaml:6",
                        "server.metadata.plain = app  # treaty.yaml:7",
                        "registry = etcd://${HOST}:2379?user=a&password-file=/run/secret  # treaty.yaml:10");
    }

    @Test
    void problems_do_not_show_secrets_W12() {
        var environment = Map.of("DBPASS", "hunter2hunter2", "SHORT", "hun", "PART", "abcd", "WHOLE", "abcdhunter2");
        for (String yaml : List.of(
                "server: {port: \"${DBPASS}\"}",
                "server: {drain: \"${DBPASS}s\"}",
                "registry: treaty://root:${DBPASS}@10.0.0.1",
                "registry: treaty://10.0.0.1:${DBPASS}",
                "registry: etcd://root:hunter2@10.0.0.1",
                "registry: ${DBPASS}",
                "name: \"${DBPASS}" + "x".repeat(Settings.NAME_LENGTH_MAX) + "\"",
                "zone: \"a ${DBPASS}\"",
                "run: [{name: a, address: \"htp://${PART}/${WHOLE}\"}]",
                "run: [{name: a, address: \"http://app:" + "hunter2".repeat(20) + "@db/ x\"}]")) {
            assertThatThrownBy(() -> parse(yaml, environment))
                    .as(yaml)
                    .isInstanceOf(ConfigurationException.class)
                    .message()
                    .doesNotContain("hunter2");
        }
        assertThatThrownBy(() -> parse("server: {port: \"${SHORT}\"}", environment))
                .hasMessageContaining("\"${SHORT}\" is not a whole number");
    }

    @Test
    void values_and_names_have_no_control_characters_W11() {
        for (String name : List.of("a\\e[2J", "a\\nb", "a\\u202e")) {
            assertThatThrownBy(() -> parse("name: \"" + name + "\"", Map.of()))
                    .hasMessageContaining("has control characters")
                    .message()
                    .matches(PrintableText::isPrintable);
        }
        assertThat(Settings.effective("t", "run: [{contract: a, implementation: \"b\\e[2J\\n\"}]", Map.of())
                        .values())
                .extracting(Setting::toString)
                .contains("run[0].implementation = b [2J   # t:1")
                .allMatch(PrintableText::isPrintable);
    }

    @Test
    void the_longest_duration_is_a_problem_like_others_G15() {
        assertThatThrownBy(() -> parse(
                        "run: [{name: a, address: \"http://h:1\", check: {interval: PT9223372036854775807S}}]",
                        Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("run[0].check.interval: interval is PT2562047788015215H30M7S: use 10ms to 1h");
    }
}
