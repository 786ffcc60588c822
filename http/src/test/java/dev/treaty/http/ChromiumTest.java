package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.codec.Json;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages in Debian's Chromium call services of another origin. */
@Tag("long") // needs a browser, which takes seconds to start
class ChromiumTest {
    private static final String LAST = "/shop.Orders/last";
    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    /**
     * A page that makes requests to another origin one after the other, and replaces its content with what it could
     * read of the responses.
     */
    private static final String PAGE = """
        <!DOCTYPE html>
        <html><body>waiting<script>
        (async () => {
          const results = [];
          for (const { path, options } of REQUESTS) {
            try {
              const response = await fetch("SERVER" + path, options);
              const expose = ["retry-after", "treaty-reached"].map(name => name + "=" + response.headers.get(name));
              results.push([response.type, response.status, await response.text(), ...expose].join(" "));
            } catch (failure) {
              results.push(failure.name);
            }
          }
          document.body.textContent = results.join("|");
        })();
        </script></body></html>
        """;

    private final HttpServer pages = new HttpServer(HttpServerOptions.STANDARD, Time.system(), RandomSource.system());
    private final ConcurrentLinkedQueue<Headers> handled = new ConcurrentLinkedQueue<>();

    @TempDir
    private Path folder;

    @BeforeEach
    void find() {
        boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .anyMatch(each -> Files.isExecutable(Path.of(each, "chromium")));
        Assumptions.assumeTrue(found, "chromium is missing: sudo apt-get install chromium");
    }

    @AfterEach
    void stop() {
        pages.close();
    }

    /** A request of a page. */
    private static Map<String, Object> request(String path, Map<String, Object> options) {
        return Map.of("path", path, "options", options);
    }

    private static Map<String, Object> post(Map<String, String> headers) {
        return Map.of("method", "POST", "headers", headers, "body", "{}");
    }

    /** Returns what a page could read of the responses to its requests. */
    private List<String> run(Running services, List<Map<String, Object>> requests) throws Exception {
        services.host(call -> {
            handled.add(call.context().headers());
            return call.context().headers().contains("x-fail")
                    ? ServiceResponse.failed(
                            Fault.unreached(Code.UNAVAILABLE, "later").retryAfter(Duration.ofSeconds(7)))
                    : ServiceResponse.ok(Optional.empty());
        });
        String page = PAGE.replace("REQUESTS", Json.text(requests))
                .replace("SERVER", services.server.endpoint().toString());
        pages.page("/-/page", "text/html; charset=utf-8", () -> page.getBytes(StandardCharsets.UTF_8));
        Path output = folder.resolve("output.html");
        Process browser = new ProcessBuilder(
                        "chromium",
                        "--headless",
                        "--no-sandbox", // which root cannot have
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--virtual-time-budget=30000",
                        "--dump-dom",
                        pages.endpoint() + "/-/page")
                .redirectOutput(output.toFile())
                .redirectError(folder.resolve("errors.txt").toFile())
                .start();
        try {
            assertThat(browser.waitFor(2, TimeUnit.MINUTES)).isTrue();
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly();
        }
        String text = Files.readString(output);
        return List.of(text.substring(text.indexOf("<body>") + "<body>".length(), text.indexOf("</body>"))
                .strip()
                .split("\\|", -1));
    }

    @Test
    void a_page_of_a_configured_origin_sends_headers_and_reads_responses() throws Exception {
        var options =
                HttpServerOptions.STANDARD.origins(List.of(pages.endpoint().toString()));
        try (var services = new Running(options, HttpTransportOptions.STANDARD)) {
            List<String> results = run(
                    services,
                    List.of(
                            request(
                                    LAST,
                                    post(Map.of(
                                            "Connect-Timeout-Ms",
                                            "60000",
                                            "X-Tenant",
                                            "acme",
                                            "Content-Type",
                                            "application/json"))),
                            request(
                                    LAST,
                                    post(Map.of(
                                            "Authorization",
                                            "Bearer x",
                                            "X-Fail",
                                            "yes",
                                            "Content-Type",
                                            "application/json"))),
                            request("/shop.Orders/lost", post(JSON))));

            assertThat(results).hasSize(3);
            assertThat(results.get(0)).isEqualTo("cors 200 {} retry-after=null treaty-reached=null");
            assertThat(results.get(1))
                    .isEqualTo("cors 503 {\"code\":\"unavailable\",\"message\":\"later\"} retry-after=7"
                            + " treaty-reached=no");
            assertThat(results.get(2)).startsWith("cors 404 {\"code\":\"unimplemented\"");
            // The browser has asked before each request, which no handler has seen.
            assertThat(handled).hasSize(2);
            assertThat(handled.remove().get("x-tenant")).contains("acme");
            assertThat(handled.remove().get("authorization")).contains("Bearer x");
        }
    }

    @Test
    void a_page_of_another_origin_reaches_no_handler() throws Exception {
        var options = HttpServerOptions.STANDARD.origins(List.of("http://127.0.0.1:1", "http://localhost"));
        try (var services = new Running(options, HttpTransportOptions.STANDARD)) {
            List<String> results = run(
                    services,
                    List.of(
                            request(LAST, post(JSON)),
                            request(LAST, Map.of("method", "POST", "body", "{}")),
                            request(LAST, Map.of("method", "POST", "body", "{}", "mode", "no-cors")),
                            request("/-/health", Map.of())));

            assertThat(results)
                    .containsExactly(
                            "TypeError", "TypeError", "opaque 0  retry-after=null treaty-reached=null", "TypeError");
            assertThat(handled).isEmpty();
        }
    }
}
