package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Instance;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a registry, in its own process, whose files are damaged or of a newer version. */
class DamagedRegistryTest {
    private static final int VERSION_AT = 7;

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private ChildProcess start(Path data) throws IOException {
        return ChildProcess.start(
                ChildProcess.java(
                        List.of(),
                        ChildProcess.ownClassPath(),
                        Main.class.getName(),
                        List.of("registry", "--port", "0", "--json", "--data", data.toString())),
                Map.of(),
                lines::add);
    }

    /** Returns the endpoint, which is printed after the warnings. */
    private ServiceEndpoint endpoint(List<String> warnings) throws InterruptedException {
        String line = "";
        while (!line.startsWith("{")) {
            warnings.add(line);
            line = String.valueOf(lines.poll(120, TimeUnit.SECONDS));
        }
        String address = (String) ((Map<?, ?>) Json.read(line)).get("registry");
        return ((RegistryAddress.Network) RegistryAddress.parse(address)).endpoint();
    }

    private static Path file(Path data, String prefix) throws IOException {
        try (var files = Files.list(data)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String get(ServiceEndpoint endpoint, String path) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(endpoint + path)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @Test
    void a_damaged_file_is_shown_by_console_health_and_metrics_and_a_newer_one_is_refused_R5_R6(@TempDir Path data)
            throws Exception {
        try (Treaty treaty = Treaty.open(Settings.parse("test", "defaults: {deadline: 1m}", Map.of()))) {
            var warnings = new ArrayList<String>();
            try (ChildProcess first = start(data)) {
                ServiceEndpoint endpoint = endpoint(warnings);
                assertThat(warnings).as("warnings").allMatch(String::isEmpty);
                try (var direct = treaty.direct(RegistryProtocol.class, endpoint)) {
                    direct.client().publish("contract shop.Orders 1.0.0\nget() -> string", false);
                    direct.client().publish("contract shop.Stock 1.0.0\nget() -> string", false);
                }
                first.terminate();
                first.exit().get(60, TimeUnit.SECONDS);
            }
            Path log = file(data, "log-");
            byte[] bytes = Files.readAllBytes(log);
            bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("shop.Orders")] ^= 1;
            Files.write(log, bytes);

            try (ChildProcess second = start(data)) {
                ServiceEndpoint endpoint = endpoint(warnings);
                String name = log.getFileName().toString();
                assertThat(warnings)
                        .anySatisfy(line -> assertThat(line)
                                .contains("WARN", "file " + name + " is damaged", "kept as " + name + ".damaged"));
                assertThat(Files.readAllBytes(data.resolve(name + ".damaged"))).isEqualTo(bytes);
                try (var direct = treaty.direct(RegistryProtocol.class, endpoint)) {
                    assertThat(direct.client().services())
                            .contains("shop.Stock")
                            .doesNotContain("shop.Orders");
                    Instance self;
                    do {
                        self = direct.client()
                                .instances(RegistryProtocol.NAME, "", 1, Optional.empty())
                                .getFirst();
                    } while (self.health().orElseThrow().status() != ServiceHealth.Status.WARNING);
                    assertThat(self.health().orElseThrow().message()).contains(name + ".damaged");
                }
                assertThat(get(endpoint, "/-/metrics")).contains("treaty_registry_problems_total 1.0");
                second.terminate();
                second.exit().get(60, TimeUnit.SECONDS);
            }
            Path state = file(data, "state-");
            byte[] newer = Files.readAllBytes(state);
            newer[VERSION_AT]++;
            Files.write(state, newer);
            Command refused = Command.run("registry", "--port", "0", "--data", data.toString());
            assertThat(refused.exit()).isEqualTo(Main.FAILED);
            assertThat(refused.err()).contains("has the format " + newer[VERSION_AT], "use the version that wrote it");
            assertThat(Files.readAllBytes(state)).isEqualTo(newer);
        }
    }
}
