package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Lease;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The state of a registry, in its own process, across restarts. */
class RegistryStateTest {
    private static final String TOKEN = "a-long-token";

    /** Less than one instance in the log, and more than an empty log. */
    private static final long INSTANCE_BYTES_MIN = 100;

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private ChildProcess start(Path data, String... more) throws Exception {
        var arguments = new ArrayList<>(List.of("registry", "--port", "0", "--json", "--data", data.toString()));
        arguments.addAll(List.of(more));
        return ChildProcess.start(
                ChildProcess.java(List.of(), ChildProcess.ownClassPath(), Main.class.getName(), arguments),
                Map.of(),
                lines::add);
    }

    private Map<?, ?> addresses() throws InterruptedException {
        return (Map<?, ?>) Json.read(String.valueOf(lines.poll(120, TimeUnit.SECONDS)));
    }

    private static RegistryAddress registry(Map<?, ?> addresses) {
        return RegistryAddress.parse((String) addresses.get("registry"));
    }

    private ServiceEndpoint endpoint() throws InterruptedException {
        return ((RegistryAddress.Network) registry(addresses())).endpoint();
    }

    private static int put(Map<?, ?> addresses, String path, String body) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(addresses.get("consul") + path))
                    .PUT(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        }
    }

    @Test
    void registrations_of_consul_clients_survive_restarts_and_crashes(@TempDir Path data) throws Exception {
        var orders = new ServiceName("shop.Orders");
        try (ChildProcess first = start(data, "--compat-port", "0")) {
            Map<?, ?> addresses = addresses();
            try (Treaty client = Treaty.open(Settings.DEFAULTS.withRegistry(registry(addresses)))) {
                String body = """
                    {"Name": "shop.Orders", "ID": "o", "Port": 1, "Check": {"TTL": "1m"}}\
                    """;
                assertThat(put(addresses, "/v1/agent/service/register", body)).isEqualTo(200);
                await(() -> client.registry().instances(orders).size() == 1);
                first.terminate();
                first.exit().get(60, TimeUnit.SECONDS);
                assertThat(client.registry().instances(orders))
                        .as("instances that clients keep after the registry ended")
                        .hasSize(1);
            }
        }
        try (ChildProcess second = start(data, "--compat-port", "0")) {
            assertThat(put(addresses(), "/v1/agent/check/pass/service:o", "")).isEqualTo(200);
            second.kill();
            second.exit().get(60, TimeUnit.SECONDS);
        }
        try (ChildProcess _ = start(data, "--compat-port", "0")) {
            assertThat(put(addresses(), "/v1/agent/check/pass/service:o", "")).isEqualTo(200);
        }
        Files.writeString(data.resolve("consul").resolve("broken.json"), "{");
        Command broken = Command.run("registry", "--port", "0", "--compat-port", "0", "--data", data.toString());
        assertThat(broken.exit()).isEqualTo(Main.FAILED);
        assertThat(broken.err()).contains(data.resolve("consul").toString(), "broken.json cannot be registered again");
    }

    private static void await(Callable<Boolean> reached) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.call()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds after the timeout")
                    .isNegative();
            Thread.yield();
        }
    }

    private static long logBytes(Path data) throws IOException {
        try (var files = Files.list(data)) {
            return files.filter(f -> f.getFileName().toString().startsWith("log-"))
                    .mapToLong(f -> f.toFile().length())
                    .sum();
        }
    }

    @Test
    void instances_and_leases_survive_a_crash(@TempDir Path data) throws Exception {
        var instance = ServiceInstance.of(
                "orders-1",
                new ServiceName("shop.Orders"),
                new Version(1, 0, 0),
                new ServiceEndpoint("http", "127.0.0.1", 8080),
                NOW);
        try (Treaty treaty = Treaty.open(Settings.parse("test", "defaults: {deadline: 1m}", Map.of()))) {
            try (ChildProcess first = start(data);
                    var direct = treaty.direct(RegistryProtocol.class, endpoint())) {
                direct.client().register(Instance.of(instance), TOKEN, 60_000);
                Command taken = Command.run("registry", "--port", "0", "--data", data.toString());
                assertThat(taken.exit()).isEqualTo(Main.FAILED);
                assertThat(taken.err()).contains("is in use by another registry");
                await(() -> logBytes(data) >= INSTANCE_BYTES_MIN); // written asynchronously
                first.kill();
                first.exit().get(60, TimeUnit.SECONDS);
            }
            try (ChildProcess _ = start(data);
                    var direct = treaty.direct(RegistryProtocol.class, endpoint())) {
                assertThat(direct.client().instances("shop.Orders", "", 10, Optional.empty()))
                        .extracting(Instance::id)
                        .containsExactly("orders-1");
                assertThat(direct.client()
                                .renew(List.of(new Lease("orders-1", TOKEN)))
                                .unknown())
                        .as("leases that the registry does not know")
                        .isEmpty();
            }
        }
    }

    @Test
    void central_settings_survive_a_crash_that_follows_a_change_at_once(@TempDir Path data) throws Exception {
        for (int i = 1; i <= 2; i++) {
            try (ChildProcess process = start(data);
                    Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(registry(addresses())))) {
                String value = i + "s";
                CentralSettings.change(
                        treaty.registry().settings(),
                        before -> before.set("defaults.deadline", value, "ann", "", NOW, Optional.empty()));
                process.kill();
                process.exit().get(60, TimeUnit.SECONDS);
            }
        }
        try (ChildProcess process = start(data);
                Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(registry(addresses())))) {
            var restored = CentralSettings.parse(treaty.registry().settings().read());
            assertThat(restored.settings(NOW)).extracting(CentralSetting::value).containsExactly("2s");
            assertThat(restored.history())
                    .extracting(CentralSettings.Change::revision)
                    .containsExactly(2L, 1L);
            process.terminate();
            process.exit().get(60, TimeUnit.SECONDS);
        }
    }
}
