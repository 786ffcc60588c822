package dev.treaty.registry.compat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.simulation.Polling;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Prometheus discovers instances through the API and scrapes them. */
class PrometheusApiTest {
    @TempDir
    Path directory;

    /** The service that is scraped. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Returns a name. */
        String name();
    }

    private static String ask(HttpClient http, String url) {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create(url))
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void prometheus_scrapes_registered_instances() throws Exception {
        try (var treaty = Treaty.open();
                var server = new HttpServer(HttpServerOptions.STANDARD, Time.system(), RandomSource.system());
                var http = HttpClient.newHttpClient()) {
            treaty.serve(Names.class, () -> "a");
            server.handle("/prometheus/", new PrometheusApi(treaty.registry()));
            int port;
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            Path config = Files.writeString(directory.resolve("prometheus.yml"), """
                scrape_configs:
                  - job_name: treaty
                    scrape_interval: 1s
                    http_sd_configs:
                      - url: %s/prometheus/targets
                        refresh_interval: 1s
                    relabel_configs:
                      - source_labels: [__meta_treaty_services]
                        regex: .*,test\\.Names,.*
                        action: keep
                      - source_labels: [__meta_treaty_version]
                        target_label: version
                """.formatted(server.endpoint()));
            Process prometheus = new ProcessBuilder(
                            "prometheus",
                            "--config.file=" + config,
                            "--storage.tsdb.path=" + directory.resolve("data"),
                            "--web.listen-address=127.0.0.1:" + port)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
            try {
                String query = "http://127.0.0.1:" + port + "/api/v1/query?query=up";
                Polling.until(() -> ask(http, query).contains("\"1\"]"));
                assertThat(ask(http, query))
                        .contains("\"instance\":\""
                                + treaty.endpoint().orElseThrow().authority() + "\"")
                        .contains("\"job\":\"treaty\"", "\"version\":\"1.0.0\"");
            } finally {
                prometheus.destroyForcibly();
                prometheus.waitFor();
            }
        }
    }
}
