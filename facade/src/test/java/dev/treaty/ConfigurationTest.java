package dev.treaty;

import static dev.treaty.Patient.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.ConfigurationException;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.IsolationLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings that change while calls run: those of files, and central settings of a served registry. */
class ConfigurationTest {
    private static final ServiceName PRICES = new ServiceName("test.Prices");

    @Contract(name = "test.Prices", version = "1.0.0")
    interface Prices {
        @Idempotent
        String price(String item);
    }

    /** What the application keeps in its settings. */
    record Payments(String currency, int retryMax) {
        Payments {
            if (retryMax > 5) {
                throw new IllegalArgumentException("retry-max must be at most 5, not " + retryMax);
            }
        }
    }

    @TempDir
    Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private Treaty center;
    private String registry;

    @BeforeEach
    void serveRegistry() {
        center = open(Settings.parse("test", "server: {drain: 0s}\n", Map.of()));
        center.serveRegistry();
        registry = "treaty://" + center.endpoint().orElseThrow().authority();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Treaty open(Settings settings) {
        Treaty treaty = Treaty.open(settings);
        opened.add(treaty);
        return treaty;
    }

    private Path write(String name, String text) {
        try {
            Path file = directory.resolve(name);
            Path next = directory.resolve("." + name + ".next");
            Files.writeString(next, "registry: " + registry + "\n" + text);
            return Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Treaty open(String name, String text) {
        return reopen(write(name, text));
    }

    private Treaty reopen(Path file) {
        Treaty treaty = Treaty.open(ConfigurationSources.of(file, Map.of()));
        opened.add(treaty);
        return treaty;
    }

    @Test
    void everything_in_a_file_changes_while_calls_run_and_no_call_fails() throws Exception {
        Treaty server = open("server.yaml", "server: {drain: 0s}\n");
        server.serve(Prices.class, item -> item);
        Treaty client = open("client.yaml", "services: {test.Prices: {deadline: 3s}}\n");
        Prices prices = client.client(Prices.class);
        assertThat(prices.price("tea")).isEqualTo("tea");
        var guard = client.guards().find("test.Prices").orElseThrow();
        String clientId = client.registry().instances(PRICES).getFirst().id();
        var load = new ParallelCalls(() -> prices.price("tea"));
        try (load) {
            write("client.yaml", """
                services:
                  test.Prices:
                    deadline: 4s
                    level: full
                    retry: {attempts: 5}
                    fallback: {value: '{"result":"none"}'}
                    balance: {policy: round-robin}
                    routing: {rules: [{to: [{metadata: {track: stable}, weight: 1}, {metadata: {}, weight: 1}]}]}
                    requires: {versions: '^1.0'}
                faults: {client: [{service: test.Other, code: unavailable, share: 1}]}
                """);
            write("server.yaml", """
                server:
                  drain: 0s
                  weight: 50
                  metadata: {track: stable}
                  body-bytes-max: 2048
                  limits: {concurrency: {limit: 77, adaptive: false}}
                """);
            until(() -> client.configuration().generation() == 2
                    && server.configuration().generation() == 2);
            until(() -> client.registry().instances(PRICES).getFirst().weight() == 50);
            int before = load.calls.get();
            until(() -> load.calls.get() > before + 500);
        }
        assertThat(load.failures).isEmpty();
        assertThat(guard.tolerance().deadline()).isEqualTo(Duration.ofSeconds(4));
        assertThat(guard.tolerance().level()).isEqualTo(IsolationLevel.FULL);
        assertThat(guard.tolerance().retry().attempts()).isEqualTo(5);
        assertThat(client.settings().balance().service(PRICES).requires().versions())
                .isPresent();
        var instance = client.registry().instances(PRICES).getFirst();
        assertThat(instance.id()).isEqualTo(clientId);
        assertThat(instance.metadata()).containsEntry("track", "stable");
        assertThatThrownBy(() -> prices.price("x".repeat(3_000)))
                .hasMessageContaining("larger than the limit of 2048 bytes");
        // State survives: the counters of the guard go on.
        assertThat(guard.statistics().calls()).isGreaterThan(500);

        write("server.yaml", "server: {drain: 0s, limits: {rate-limit: {permits: 1, per: 1h, burst: 1}}}\n");
        until(() -> server.configuration().generation() == 3);
        assertThat(prices.price("tea")).isEqualTo("tea");
        assertThat(prices.price("tea")).as("the fallback").isEqualTo("none");
    }

    @Test
    void a_bad_file_is_refused_as_a_whole_and_the_last_good_settings_stay() {
        Treaty treaty = open("treaty.yaml", "defaults: {deadline: 3s}\nserver: {drain: 0s}\n");
        var service = treaty.serve(Prices.class, item -> item);
        write("treaty.yaml", "defaults: {deadline: 5s, level: extreme}\nserver: {drain: 0s}\n");
        until(() -> treaty.configuration().refused().isPresent());
        assertThat(treaty.configuration().refused().orElseThrow())
                .contains("treaty.yaml:2")
                .contains("defaults.level");
        assertThat(treaty.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(3));
        assertThat(treaty.configuration().generation()).isEqualTo(1);
        assertThat(service.health().status()).isEqualTo(Status.WARNING);
        assertThat(service.health().message()).contains("changed settings were refused", "defaults.level");
        until(() -> treaty.metrics().settingsRefused() == 1);
        try (var direct = treaty.direct(Introspection.class, treaty.endpoint().orElseThrow())) {
            var status = direct.client().status().configuration().orElseThrow();
            assertThat(status.generation()).isEqualTo(1);
            assertThat(status.refused().orElseThrow()).contains("defaults.level");
            assertThat(direct.client().settings("defaults.deadline"))
                    .singleElement()
                    .satisfies(value -> {
                        assertThat(value.value()).isEqualTo("3s");
                        assertThat(value.origin()).endsWith("treaty.yaml:2");
                    });
        }

        write("treaty.yaml", "defaults: {deadline: 6s}\nserver: {drain: 0s}\n");
        until(() -> treaty.configuration().generation() == 2);
        assertThat(treaty.configuration().refused()).isEmpty();
        assertThat(service.health().status()).isEqualTo(Status.PASSING);
        assertThat(treaty.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(6));
    }

    @Test
    void a_fixed_response_that_no_operation_returns_is_refused() {
        Treaty treaty = open("treaty.yaml", "defaults: {deadline: 3s}\n");
        treaty.client(Prices.class);
        write("treaty.yaml", "services: {test.Prices: {fallback: {value: '{\"a\":1}'}}}\n");
        until(() -> treaty.configuration().refused().isPresent());
        assertThat(treaty.configuration().refused().orElseThrow()).contains("fallback.value of test.Prices");
    }

    @Test
    void what_needs_a_restart_stays_and_is_named() {
        Treaty treaty = open("treaty.yaml", "name: shop\nserver: {drain: 0s}\n");
        write("treaty.yaml", "name: store\nserver: {drain: 0s, port: 9}\ndefaults: {deadline: 7s}\n");
        until(() -> treaty.configuration().generation() == 2);
        assertThat(treaty.configuration().restartNeeded()).containsExactlyInAnyOrder("name", "server.port");
        assertThat(treaty.settings().name()).isEqualTo("shop");
        assertThat(treaty.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(7));
        assertThat(treaty.configuration().get("name")).contains("shop");
    }

    @Test
    void a_storm_of_changes_settles_on_the_last() {
        Treaty treaty = open("treaty.yaml", "defaults: {deadline: 3s}\n");
        for (int i = 1; i <= 100; i++) {
            write("treaty.yaml", "defaults: {deadline: " + i + "s}\n");
        }
        until(() -> treaty.settings().defaults().deadline().equals(Duration.ofSeconds(100)));
        assertThat(treaty.configuration().refused()).isEmpty();
    }

    @Test
    void central_settings_apply_everywhere_and_to_processes_that_restart_until_they_are_removed() {
        Treaty server = open("server.yaml", "server: {drain: 0s}\n");
        server.serve(Prices.class, item -> item);
        Treaty client = open("client.yaml", "");
        Prices prices = client.client(Prices.class);
        assertThat(prices.price("tea")).isEqualTo("tea");

        center.configuration().set("services.test.Prices.breaker.forced", "open", "maintenance", Optional.empty());
        until(() -> client.configuration().generation() == 2);
        assertThatThrownBy(() -> prices.price("tea")).hasMessageContaining("breaker forced open");
        assertThat(client.configuration().values())
                .filteredOn(setting -> setting.key().equals("services.test.Prices.breaker.forced"))
                .singleElement()
                .satisfies(setting -> assertThat(setting.origin())
                        .startsWith("central (revision 1, " + System.getProperty("user.name")));
        var guard = client.guards().find("test.Prices").orElseThrow();
        guard.reset();
        assertThat(guard.instanceBreakers().values()).allMatch(breaker -> breaker.state() == CircuitBreaker.State.OPEN);

        client.close();
        Treaty restarted = reopen(directory.resolve("client.yaml"));
        Prices again = restarted.client(Prices.class);
        assertThatThrownBy(() -> again.price("tea")).hasMessageContaining("breaker forced open");

        center.configuration().unset("services.test.Prices.breaker.forced", "done");
        until(() -> restarted
                .configuration()
                .get("services.test.Prices.breaker.forced")
                .isEmpty());
        assertThat(again.price("tea")).isEqualTo("tea");
    }

    @Test
    void a_central_setting_ends_when_it_expires() {
        Treaty client = open("client.yaml", "");
        center.configuration().set("defaults.deadline", "9s", "", Optional.of(Duration.ofMillis(1_500)));
        until(() -> client.settings().defaults().deadline().equals(Duration.ofSeconds(9)));
        until(() -> !client.settings().defaults().deadline().equals(Duration.ofSeconds(9)));
    }

    @Test
    void an_invalid_central_setting_prevents_no_start_and_is_reported() {
        center.configuration().set("defaults.level", "extreme");
        Treaty client = open("client.yaml", "defaults: {deadline: 4s}\n");
        assertThat(client.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(4));
        assertThat(client.configuration().refused().orElseThrow()).contains("defaults.level");
        center.configuration().unset("defaults.level", "");
        until(() -> client.configuration().refused().isEmpty());
    }

    @Test
    void a_process_starts_without_the_registry() {
        write("client.yaml", "defaults: {deadline: 4s}\n");
        center.close();
        long start = System.nanoTime();
        Treaty client = reopen(directory.resolve("client.yaml"));
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
        assertThat(client.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(4));
    }

    @Test
    void keys_of_one_process_and_unknown_keys_are_not_set_centrally() {
        Configuration configuration = center.configuration();
        assertThatThrownBy(() -> configuration.set("server.port", "80"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("server.port")
                .hasMessageContaining("each process has its own");
        assertThatThrownBy(() -> configuration.set("registry", "treaty://a:1"))
                .hasMessageContaining("central settings are read from there");
        assertThatThrownBy(() -> configuration.set("defaults.deadlin", "1s")).hasMessageContaining("deadline");
    }

    @Test
    void applications_bind_records_and_watch_keys() throws Exception {
        Treaty treaty = open("treaty.yaml", "app: {payments: {currency: EUR, retry-max: 2}}\n");
        Configuration configuration = treaty.configuration();
        assertThat(configuration.get("app.payments.currency")).contains("EUR");
        BlockingQueue<Payments> records = new LinkedBlockingQueue<>();
        BlockingQueue<Configuration.Change> changes = new LinkedBlockingQueue<>();
        BlockingQueue<Configuration.Change> deadlines = new LinkedBlockingQueue<>();
        configuration.watch("app", change -> {
            throw new IllegalStateException("a listener fails");
        });
        configuration.watch("app.payments", Payments.class, records::add);
        Subscription keys = configuration.watch("app.payments", changes::add);
        configuration.watch(PRICES, "deadline", deadlines::add);
        assertThat(records.poll(10, TimeUnit.SECONDS)).isEqualTo(new Payments("EUR", 2));

        write("treaty.yaml", "app: {payments: {currency: USD, retry-max: 2}}\ndefaults: {deadline: 3s}\n");
        assertThat(records.poll(10, TimeUnit.SECONDS)).isEqualTo(new Payments("USD", 2));
        var change = changes.poll(10, TimeUnit.SECONDS);
        assertThat(change.key()).isEqualTo("app.payments.currency");
        assertThat(change.before()).contains("EUR");
        assertThat(change.after()).contains("USD");
        assertThat(change.who()).endsWith("treaty.yaml:2");
        assertThat(deadlines.poll(10, TimeUnit.SECONDS)).satisfies(deadline -> {
            assertThat(deadline.key()).isEqualTo("services.test.Prices.deadline");
            assertThat(deadline.after()).contains("3s");
        });

        write("treaty.yaml", "app: {payments: {currency: USD, retry-max: 9}}\n");
        until(() -> configuration.refused().isPresent());
        assertThat(configuration.refused().orElseThrow()).contains("retry-max must be at most 5");
        assertThat(configuration.bind("app.payments", Payments.class).retryMax())
                .isEqualTo(2);

        keys.close();
        center.configuration().set("app.payments.currency", "GBP", "a test", Optional.empty());
        write("treaty.yaml", "app: {payments: {currency: USD, retry-max: 1}}\n");
        Payments last = new Payments("", 0);
        while (!last.equals(new Payments("GBP", 1))) {
            last = records.poll(10, TimeUnit.SECONDS);
            assertThat(last).isNotNull();
        }
        assertThat(changes).isEmpty();
        assertThatThrownBy(() -> configuration.bind("app.other", Payments.class))
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void processes_without_a_file_and_with_an_embedded_registry_have_central_settings_too() {
        Treaty remote = Treaty.open(ConfigurationSources.of(Map.of("TREATY_REGISTRY", registry)));
        opened.add(remote);
        center.configuration().set("defaults.deadline", "11s");
        until(() -> remote.settings().defaults().deadline().equals(Duration.ofSeconds(11)));

        Treaty alone = Treaty.open(ConfigurationSources.of(Map.of()));
        opened.add(alone);
        alone.configuration().set("defaults.deadline", "12s");
        until(() -> alone.settings().defaults().deadline().equals(Duration.ofSeconds(12)));
        assertThat(center.settings().defaults().deadline())
                .as("settings that code has given stay")
                .isEqualTo(Settings.DEFAULTS.defaults().deadline());
    }
}
