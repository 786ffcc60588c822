package dev.treaty.registry.dns;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.simulation.Polling;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's HAProxy finds instances by DNS and sends requests to them. */
class HaproxyTest {
    /** Enough calls to reach every instance by round robin. */
    private static final int CALLS = 6;

    @TempDir
    Path directory;

    /** The service behind the proxy. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Returns a name. */
        String name();
    }

    private static String call(HttpClient http, int port) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/test.Names/name"))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(5))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void until(HttpClient http, int port, Set<String> names) {
        Set<String> expected =
                names.stream().map("{\"result\":\"%s\"}"::formatted).collect(Collectors.toSet());
        Polling.until(() -> IntStream.range(0, CALLS)
                .mapToObj(_ -> call(http, port))
                .collect(Collectors.toSet())
                .equals(expected));
    }

    private static int freePort() throws IOException {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private Process haproxy(int dnsPort, int port) throws IOException {
        Path config = Files.writeString(directory.resolve("haproxy.cfg"), """
            defaults
              mode http
              timeout connect 2s
              timeout client 10s
              timeout server 10s
            resolvers treaty
              nameserver registry 127.0.0.1:%d
              accepted_payload_size 1232
              hold valid 1s
              hold obsolete 1s
              hold nx 1s
              timeout resolve 200ms
            frontend in
              bind 127.0.0.1:%d
              default_backend names
            backend names
              balance roundrobin
              default-server resolvers treaty resolve-prefer ipv4 check inter 200ms
              server-template n 4 _http._tcp.test.Names.treaty
            """.formatted(dnsPort, port));
        return new ProcessBuilder("haproxy", "-db", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
    }

    @Test
    void haproxy_finds_instances_and_follows_changes() throws Exception {
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (var hub = Treaty.open();
                var dns = new DnsServer(hub.registry(), anyPort, "treaty");
                var http = HttpClient.newHttpClient()) {
            hub.serveRegistry();
            var other = Settings.DEFAULTS.withRegistry(RegistryAddress.parse(
                    "treaty://" + hub.endpoint().orElseThrow().authority()));
            int port = freePort();
            Process haproxy = haproxy(dns.port(), port);
            try (var second = Treaty.open(other)) {
                var first = Treaty.open(other);
                first.serve(Names.class, () -> "first");
                until(http, port, Set.of("first"));
                second.serve(Names.class, () -> "second");
                until(http, port, Set.of("first", "second"));
                first.close();
                until(http, port, Set.of("second"));
            } finally {
                haproxy.destroyForcibly();
                haproxy.waitFor();
            }
        }
    }

    @Test
    void haproxy_uses_as_many_of_forty_instances_as_fit_into_a_datagram_R4() throws Exception {
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (var hub = Treaty.open();
                var dns = new DnsServer(hub.registry(), anyPort, "treaty");
                var http = HttpClient.newHttpClient()) {
            var served = hub.serve(Names.class, () -> "first").instance();
            for (int i = 0; i < 39; i++) {
                hub.registry()
                        .register(ServiceInstance.of(
                                "names-" + i, served.service(), served.version(), served.endpoint(), Instant.now()));
            }
            int port = freePort();
            Process haproxy = haproxy(dns.port(), port);
            try {
                until(http, port, Set.of("first"));
            } finally {
                haproxy.destroyForcibly();
                haproxy.waitFor();
            }
        }
    }
}
