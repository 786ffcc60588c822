package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.treaty.core.time.Time;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's HAProxy in front of a server, with each of its ways to state the client. */
@Timeout(120)
class HaproxyTest {
    /** The address from which the client connects to the proxy; the proxy connects from {@link #PROXY}. */
    private static final String CLIENT = "127.0.0.7";

    private static final String PROXY = "127.0.0.1";

    /** A way of the proxy to state the client: the options of its server, and those of the section. */
    private record Way(String name, String server, String section) {}

    private static final List<Way> WAYS = List.of(
            new Way("PROXY, version 1", "send-proxy", ""),
            new Way("PROXY, version 2", "send-proxy-v2", ""),
            new Way("PROXY, version 2, with extensions", "send-proxy-v2 proxy-v2-options unique-id,crc32c", ""),
            new Way("X-Forwarded-For", "", "option forwardfor"),
            new Way("Forwarded", "", "http-request set-header Forwarded for=%[src]"),
            new Way("both headers", "", "option forwardfor\n  http-request add-header Forwarded for=%[src]"),
            new Way("PROXY and a header", "send-proxy-v2", "option forwardfor"));

    @TempDir
    private Path folder;

    private final AddressServer server = new AddressServer(HttpServerOptions.STANDARD, PROXY);
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .localAddress(InetAddress.ofLiteral(CLIENT))
            .build();

    @AfterEach
    void stop() {
        http.close();
        server.close();
    }

    private static List<Integer> freePorts(int count) throws IOException {
        if (count == 0) {
            return List.of();
        }
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return Stream.concat(Stream.of(free.getLocalPort()), freePorts(count - 1).stream())
                    .toList();
        }
    }

    private Process haproxy(String sections) throws IOException {
        Path config = Files.writeString(folder.resolve("haproxy.cfg"), """
            defaults
              mode http
              timeout connect 2s
              timeout client 30s
              timeout server 30s
            """ + sections);
        return new ProcessBuilder("haproxy", "-db", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private static String result(String address) {
        return "{\"result\":\"" + address + "\"}";
    }

    private String call(int port, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + AddressServer.PATH))
                .headers(Stream.concat(Stream.of("Content-Type", "application/json"), Stream.of(headers))
                        .toArray(String[]::new))
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /** Waits until the proxy listens. */
    private static void await(int port) throws InterruptedException {
        while (true) {
            try (var _ = new RawConnection(port)) {
                return;
            } catch (IOException e) {
                Time.system().sleep(1_000_000);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> the_server_knows_the_client_of_a_proxy() throws Exception {
        List<Integer> ports = freePorts(2 * WAYS.size());
        var sections = new StringBuilder();
        for (int i = 0; i < ports.size(); i++) {
            Way way = WAYS.get(i / 2);
            sections.append(
                    "listen l%d\n  bind 127.0.0.1:%d\n  unique-id-format x\n  %s\n  server s 127.0.0.1:%d %s %s\n"
                            .formatted(
                                    i,
                                    ports.get(i),
                                    way.section,
                                    server.port(),
                                    i % 2 == 0 ? "" : "proto h2",
                                    way.server));
        }
        Process haproxy = haproxy(sections.toString());
        return IntStream.range(0, ports.size())
                .mapToObj(i -> dynamicTest(WAYS.get(i / 2).name + (i % 2 == 0 ? ", HTTP/1.1" : ", HTTP/2"), () -> {
                    await(ports.get(i));
                    assertThat(call(ports.get(i))).isEqualTo(result(CLIENT));
                    assertThat(call(ports.get(i), "X-Forwarded-For", "1.1.1.1"))
                            .as("with a header of the client")
                            .isEqualTo(result(WAYS.get(i / 2).name.equals("Forwarded") ? PROXY : CLIENT));
                }))
                .onClose(haproxy::destroyForcibly);
    }

    @Test
    void health_checks_of_the_proxy_in_the_PROXY_protocol_succeed() throws Exception {
        int port = freePorts(1).getFirst();
        var checks = new CountDownLatch(5);
        server.server.page("/-/checked", "text/plain", () -> {
            checks.countDown();
            return "ok\n".getBytes(StandardCharsets.US_ASCII);
        });
        Process haproxy = haproxy("""
            listen l
              bind 127.0.0.1:%d
              option httpchk GET /-/checked
              server s 127.0.0.1:%d check inter 100ms fall 1 rise 1 send-proxy-v2 check-send-proxy
            """.formatted(port, server.port()));
        try {
            assertThat(checks.await(1, TimeUnit.MINUTES)).isTrue();
            assertThat(call(port)).isEqualTo(result(CLIENT));
            assertThat(Files.readString(folder.resolve("log"))).doesNotContain("DOWN");
        } finally {
            haproxy.destroyForcibly().waitFor();
        }
    }

    @Test
    void the_PROXY_protocol_of_a_proxy_that_is_not_trusted_is_refused() throws Exception {
        int port = freePorts(1).getFirst();
        try (var other = new AddressServer(HttpServerOptions.STANDARD, "127.0.0.2")) {
            Process haproxy = haproxy("""
                listen l
                  bind 127.0.0.1:%d
                  retries 0
                  server s 127.0.0.1:%d send-proxy-v2
                """.formatted(port, other.port()));
            try {
                await(port);
                assertThat(call(port)).doesNotContain("result");
                assertThat(other.calls).hasValue(0);
            } finally {
                haproxy.destroyForcibly().waitFor();
            }
        }
    }
}
