package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.treaty.core.contract.ServiceName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayersTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant SET = Instant.parse("2026-11-30T10:00:00Z");

    @TempDir
    private Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> commandLine = new LinkedHashMap<>();
    private final List<CentralSetting> central = new ArrayList<>();

    @BeforeEach
    void an_empty_file() throws IOException {
        write("treaty.yaml", "");
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private void central(String key, String value) {
        long revision = 17L + central.size();
        central.add(new CentralSetting(key, value, "alice", "load test", SET, Optional.empty(), revision));
    }

    private Settings.Effective read() {
        return ConfigurationSources.of(folder.resolve("treaty.yaml"), environment)
                .withCommandLine(commandLine)
                .read(central);
    }

    private Map<String, String> origins() {
        return read().values().stream()
                .collect(Collectors.toMap(
                        Setting::key, s -> s.value() + " " + s.origin().replace(folder + "/", "")));
    }

    private List<String> problems() {
        return catchThrowableOfType(ConfigurationException.class, this::read).problems().stream()
                .map(problem -> problem.toString().replace(folder + "/", ""))
                .toList();
    }

    @Test
    void each_layer_overrides_those_below_it_and_is_the_origin() throws IOException {
        String key = "services.shop.Orders.deadline";
        assertThat(origins()).doesNotContainKey(key).containsEntry("defaults.deadline", "5s default");

        write("treaty.yaml", "services:\n  shop.Orders: {}\n");
        assertThat(origins()).containsEntry(key, "5s inherited");

        write("treaty.yaml", "services:\n  shop.Orders:\n    deadline: 1s\n");
        assertThat(origins()).containsEntry(key, "1s treaty.yaml:3");

        environment.put("TREATY_PROFILE", "prod");
        write("treaty-prod.yaml", "services: {shop.Orders: {deadline: 2s}}");
        assertThat(origins()).containsEntry(key, "2s treaty-prod.yaml:1");

        write("conf.d/10-limits.yaml", "\nservices: {shop.Orders: {deadline: 3s}}");
        assertThat(origins()).containsEntry(key, "3s conf.d/10-limits.yaml:2");

        write("conf.d/20-more.yml", "services: {shop.Orders: {deadline: 4s}}");
        assertThat(origins()).containsEntry(key, "4s conf.d/20-more.yml:1");

        central(key, "6s");
        assertThat(origins()).containsEntry(key, "6s central (revision 17, alice, 2026-11-30T10:00:00Z)");

        environment.put("TREATY_SERVICES_SHOP_ORDERS_DEADLINE", "7s");
        assertThat(origins()).containsEntry(key, "7s TREATY_SERVICES_SHOP_ORDERS_DEADLINE");

        commandLine.put(key, "8s");
        assertThat(origins()).containsEntry(key, "8s --set");
        assertThat(read().settings().service(ORDERS).service().deadline()).isEqualTo(Duration.ofSeconds(8));
    }

    @Test
    void groups_are_merged_and_lists_are_replaced() throws IOException {
        write("treaty.yaml", """
            server:
              port: 8080
              cors: {origins: [https://a.example, https://b.example]}
              metadata: {team: shop, tier: one}
            defaults: {retry: {attempts: 4}, rate-limit: {permits: 5}}
            """);
        write("conf.d/a.yaml", """
            server:
              drain: 3s
              cors: {origins: [https://c.example]}
              metadata: {tier: two}
            defaults:
              retry: {backoff: 30ms}
              rate-limit: none
            client:
            """);
        Settings settings = read().settings();
        assertThat(settings.server().port()).isEqualTo(8080);
        assertThat(settings.server().drain()).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.server().cors().origins()).containsExactly("https://c.example");
        assertThat(settings.server().metadata()).isEqualTo(Map.of("team", "shop", "tier", "two"));
        assertThat(settings.defaults().retry().attempts()).isEqualTo(4);
        assertThat(settings.defaults().retry().backoff()).isEqualTo(Duration.ofMillis(30));
        assertThat(settings.defaults().rateLimit()).isEmpty();
        assertThat(origins())
                .containsEntry("defaults.retry.attempts", "4 treaty.yaml:5")
                .containsEntry("defaults.retry.backoff", "30ms conf.d/a.yaml:6")
                .containsEntry("server.cors.origins", "https://c.example conf.d/a.yaml:3");
    }

    @Test
    void an_empty_group_in_a_layer_changes_nothing() throws IOException {
        write("treaty.yaml", "server: {port: 8080}");
        write("conf.d/a.yaml", "server:\n");
        assertThat(read().settings().server().port()).isEqualTo(8080);
    }

    @Test
    void variables_set_values_of_services_that_only_another_layer_names() throws IOException {
        write("conf.d/a.yaml", "services: {shop.Stock: {}}");
        central("services.shop.Orders.level", "basic");
        environment.put("TREATY_SERVICES_SHOP_ORDERS_DEADLINE", "7s");
        environment.put("TREATY_SERVICES_SHOP_STOCK_DEADLINE", "9s");
        Settings settings = read().settings();
        assertThat(settings.service(ORDERS).service().deadline()).isEqualTo(Duration.ofSeconds(7));
        assertThat(settings.service(new ServiceName("shop.Stock")).service().deadline())
                .isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void central_settings_and_the_command_line_set_values_lists_and_groups() throws IOException {
        write("treaty.yaml", "run:\n  - {contract: a.B, implementation: a.C}\n");
        central("server.cors.origins", "https://a.example, https://b.example");
        central("defaults.retry.on", "[unavailable, unknown]");
        central("defaults.retry", "{attempts: 5}");
        central("defaults.fallback.value", "{\"result\": 7}");
        central("faults.client", "[{service: shop.Orders, share: 5%, delay: 300ms}]");
        central("server.metadata.a.b", "c: ${d}");
        central("run[0].instances", "3");
        central("run[7].instances", "3"); // of another process
        commandLine.put("services.\"shop.Orders\".operations.get.rate-limit.permits", "4");
        commandLine.put("zone", "");
        Settings settings = read().settings();
        assertThat(settings.server().cors().origins()).containsExactly("https://a.example", "https://b.example");
        assertThat(settings.defaults().retry().on()).hasSize(2);
        assertThat(settings.defaults().retry().attempts()).isEqualTo(5);
        assertThat(settings.defaults().fallback().value()).contains("{\"result\": 7}");
        assertThat(settings.faults().client()).hasSize(1);
        assertThat(settings.server().metadata()).isEqualTo(Map.of("a.b", "c: ${d}"));
        assertThat(settings.run())
                .extracting(run -> ((RunSettings.Hosted) run).instances())
                .containsExactly(3);
        assertThat(settings.service(ORDERS)
                        .operations()
                        .get("get")
                        .rateLimit()
                        .orElseThrow()
                        .permits())
                .isEqualTo(4);
        assertThat(origins())
                .containsEntry("run[0].instances", "3 central (revision 23, alice, 2026-11-30T10:00:00Z)")
                .containsEntry("run[0].contract", "a.B treaty.yaml:2")
                .containsEntry("zone", " --set");
    }

    @Test
    void of_two_central_settings_the_later_one_counts() {
        central("defaults.rate-limit", "none");
        central("defaults.rate-limit.permits", "5");
        assertThat(read().settings().defaults().rateLimit()).isPresent();
        central("defaults.rate-limit", "none");
        assertThat(read().settings().defaults().rateLimit()).isEmpty();
    }

    @Test
    void problems_name_the_layer() throws IOException {
        environment.put("TREATY_PROFILE", "prod");
        environment.put("TREATY_SERVER_PORT", "many");
        write("treaty.yaml", "server: {prot: 1}");
        write("treaty-prod.yaml", "\nclient: {connections-max: 0}");
        write("conf.d/a.yaml", "\n\nzone: [1]");
        central("services.shop.Orders.deadline", "soon");
        central("services.shop.Orders.retry.atempts", "3");
        central("registry", "treaty://127.0.0.1:1");
        commandLine.put("server.drain", "2 days");
        commandLine.put("run[0].instances", "2");
        String revision17 = "central (revision 17, alice, 2026-11-30T10:00:00Z): services.shop.Orders.deadline: ";
        assertThat(problems())
                .satisfiesExactly(
                        p -> assertThat(p).startsWith("treaty.yaml:1:10: server.prot: no setting has this key"),
                        p -> assertThat(p)
                                .startsWith("treaty-prod.yaml:2:27: client.connections-max: connections-max is 0"),
                        p -> assertThat(p).isEqualTo("conf.d/a.yaml:3:7: zone: expected one value, found a list"),
                        p -> assertThat(p).startsWith(revision17 + "\"soon\" is not a duration"),
                        p -> assertThat(p)
                                .startsWith("central (revision 18, alice, 2026-11-30T10:00:00Z):"
                                        + " services.shop.Orders.retry.atempts: no setting has this key; did you mean"
                                        + " services.shop.Orders.retry.attempts?"),
                        p -> assertThat(p).contains("revision 19", "set it in the file or by TREATY_REGISTRY"),
                        p -> assertThat(p)
                                .isEqualTo("--set: run[0].instances: the list has 0 elements, and the first is [0]"),
                        p -> assertThat(p).startsWith("--set: server.drain: \"2 days\" is not a duration"),
                        p -> assertThat(p)
                                .startsWith("TREATY_SERVER_PORT: server.port: \"many\" is not a whole number"));
    }

    @Test
    void security_is_no_central_setting_however_its_key_is_written() throws IOException {
        write("treaty.yaml", "security: {enabled: true}");
        for (String key : List.of(
                "security.insecure",
                "\"security\".dry-run",
                "security.\"dry-run\"",
                "security",
                "security.rules.open.effect",
                "security.roles")) {
            central(key, key.equals("security") ? "{insecure: true}" : "true");
        }
        assertThat(problems())
                .hasSize(6)
                .allSatisfy(
                        problem -> assertThat(problem).contains("who may write central settings could open the door"));
    }

    @Test
    void a_value_that_contradicts_one_of_a_lower_layer_is_named() throws IOException {
        write("treaty.yaml", "defaults: {retry: {backoff-max: 300ms}}");
        central("defaults.retry.backoff", "500ms");
        assertThat(problems())
                .containsExactly("central (revision 17, alice, 2026-11-30T10:00:00Z): defaults.retry:"
                        + " backoff-max (PT0.3S) is shorter than backoff (PT0.5S)");
    }

    @Test
    void documents_that_cannot_be_parsed_are_reported_together() throws IOException {
        environment.put("TREATY_PROFILE", "prod");
        write("treaty.yaml", "a: [");
        write("conf.d/a.yaml", "- 1");
        write("conf.d/b.yaml", "a: b: c");
        assertThat(problems())
                .satisfiesExactly(
                        p -> assertThat(p).startsWith("treaty.yaml:1:5: not valid YAML"),
                        p -> assertThat(p)
                                .isEqualTo(
                                        "treaty-prod.yaml: there is no such file: create it, or correct the path; the"
                                                + " profile prod reads it"),
                        p -> assertThat(p).isEqualTo("conf.d/a.yaml:1:1: expected a group of keys, found a list"),
                        p -> assertThat(p).startsWith("conf.d/b.yaml:1:5: not valid YAML"));
    }

    @Test
    void names_of_profiles_are_no_paths() {
        environment.put("TREATY_PROFILE", "../../etc/passwd");
        assertThat(problems())
                .singleElement()
                .asString()
                .startsWith("TREATY_PROFILE: a profile is named by letters, digits");
    }

    @Test
    void a_directory_may_be_named() throws IOException {
        write("conf.d/a.yaml", "zone: usual");
        write("other/a.yaml", "zone: other");
        write("other/.b.yaml", "zone: hidden");
        write("other/..data/c.yaml", "zone: data");
        write("other/d.txt", "zone: text");
        environment.put("TREATY_CONFIG_DIRECTORY", folder.resolve("other").toString());
        assertThat(read().settings().zone()).isEqualTo("other");
        assertThat(ConfigurationSources.of(environment)
                        .read(List.of())
                        .settings()
                        .zone())
                .isEqualTo("other");

        environment.put("TREATY_CONFIG_DIRECTORY", folder.resolve("gone").toString());
        assertThat(problems()).containsExactly("gone: there is no such directory: create it, or correct the path");
        environment.put("TREATY_CONFIG_DIRECTORY", folder.resolve("treaty.yaml").toString());
        assertThat(problems()).containsExactly("treaty.yaml: this is no directory: make it one, or move it away");
    }

    @Test
    void contradictions_among_policies_are_warnings() throws IOException {
        write("treaty.yaml", """
            defaults: {deadline: 1s}
            services:
              shop.Orders:
                operations:
                  get: {level: basic, hedge: {percentile: 0.9}}
              shop.Stock: {deadline: 9s}
            """);
        assertThat(read().warnings())
                .satisfiesExactly(
                        w -> assertThat(w)
                                .startsWith("defaults: attempt-timeout (1.5s) is not shorter than deadline (1s)"),
                        w -> assertThat(w)
                                .startsWith("services.shop.Orders.operations.get: hedging is set, but level basic"));
        write("treaty.yaml", "");
        assertThat(read().warnings()).isEmpty();
    }

    @Test
    void differences_between_two_readings_name_values_and_origins() throws IOException {
        write("treaty.yaml", "zone: a\nserver:\n  metadata: {team: shop, password: x1}\napp: {secret: one, same: 1}");
        Settings.Effective before = read();
        write("treaty.yaml", "# one line more\nserver: {metadata: {password: x1}}\napp: {secret: two, same: 1}");
        central("zone", "b");
        assertThat(before.changes(before)).isEmpty();
        assertThat(before.changes(read()))
                .extracting(change -> change.toString().replace(folder + "/", ""))
                .containsExactly(
                        "zone: a (treaty.yaml:1) -> b (central (revision 17, alice, 2026-11-30T10:00:00Z))",
                        "app.secret: *** (treaty.yaml:4) -> *** (treaty.yaml:3)",
                        "server.metadata.team: shop (treaty.yaml:3) -> none");
    }
}
