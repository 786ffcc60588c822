package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every health probe against a real server of its kind. */
class HealthProbesTest {
    private static final ServiceName SHOP = Running.CONTRACT.name();

    private final HealthProbes probes = new HealthProbes(Time.system(), Duration.ofMinutes(1));

    @AfterEach
    void close() {
        probes.close();
    }

    private static ServiceEndpoint endpoint(String protocol, int port) {
        return new ServiceEndpoint(protocol, "127.0.0.1", port);
    }

    /** A port without a server. */
    private static int unusedPort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private ServiceHealth probe(String word, ServiceEndpoint endpoint) throws InterruptedException {
        return probes.of(word, SHOP, endpoint).probe();
    }

    /** Responds with the status in the path. */
    private static void answer(Socket socket) throws IOException {
        var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String status = line.substring("GET /".length(), line.indexOf(" HTTP"));
            while (!line.isEmpty()) {
                line = in.readLine();
            }
            String body = status.equals("204") ? "" : "{\"status\":\"UP\"}";
            String length = status.equals("204") ? "" : "Content-Length: " + body.length() + "\r\n";
            FakeServer.send(
                    socket,
                    "HTTP/1.1 " + status + " So\r\nContent-Type: application/json\r\n" + length + "\r\n" + body);
        }
    }

    @Test
    void an_http_probe_maps_the_status() throws Exception {
        try (var server = new FakeServer(HealthProbesTest::answer)) {
            var at = server.endpoint();
            assertThat(probe("/200", at).status()).isEqualTo(Status.PASSING);
            assertThat(probe("/204", at).status()).isEqualTo(Status.PASSING);
            assertThat(probe("/429", at).status()).isEqualTo(Status.WARNING);
            ServiceHealth down = probe("/503", at);
            assertThat(down.status()).isEqualTo(Status.CRITICAL);
            assertThat(down.message()).isEqualTo(at + "/503 answers 503");
        }
        var gone = endpoint("http", unusedPort());
        assertThat(probe("/", gone).status()).isEqualTo(Status.CRITICAL);
        assertThat(probe("/", gone).message()).isEqualTo(gone + "/ does not answer");
    }

    @Test
    void a_treaty_health_page_is_used_with_message_and_details() throws Exception {
        var health = new ServiceHealth[] {
            new ServiceHealth(Status.WARNING, "the queue is long", Instant.now(), Map.of("queue", "812"))
        };
        var time = Time.system();
        try (var server = new HttpServer(HttpServerOptions.STANDARD, time, RandomSource.system())) {
            var dispatcher = Dispatcher.of(Shop.class, Running.CONTRACT, new StoredShop(), (_, _) -> {});
            server.host(new HostedService(Running.CONTRACT, dispatcher, () -> health[0]));

            ServiceHealth warning = probe("treaty", server.endpoint());
            assertThat(warning.status()).isEqualTo(Status.WARNING);
            assertThat(warning.message()).isEqualTo("the queue is long");
            assertThat(warning.details()).isEqualTo(Map.of("queue", "812"));
            health[0] = ServiceHealth.of(Status.DRAINING, Instant.now());
            assertThat(probe("treaty", server.endpoint()).status()).isEqualTo(Status.DRAINING);
            assertThat(probes.of("treaty", new ServiceName("test.Missing"), server.endpoint())
                            .probe()
                            .status())
                    .isEqualTo(Status.CRITICAL);
        }
    }

    @Test
    void the_health_of_a_service_that_uses_tls_is_read_if_the_server_proves_to_be_one_of_it() throws Exception {
        try (Running running = new Running(
                        HttpServerOptions.STANDARD,
                        HttpTransportOptions.STANDARD,
                        TestTls.of(SHOP.value()),
                        TestTls.of("a"));
                Running other = new Running(
                        HttpServerOptions.STANDARD, HttpTransportOptions.STANDARD, TestTls.of("b"), TestTls.of("a"));
                var trusting = new HealthProbes(Time.system(), Duration.ofMinutes(1), TestTls.of("shop.Web"))) {
            ServiceHealth passing =
                    trusting.of("treaty", SHOP, running.server.endpoint()).probe();
            assertThat(passing.status()).isEqualTo(Status.PASSING);
            ServiceHealth refused =
                    trusting.of("treaty", SHOP, other.server.endpoint()).probe();
            assertThat(refused.status()).isEqualTo(Status.CRITICAL);
            assertThat(refused.message()).contains("b may not serve " + SHOP);
            assertThat(probe("treaty", running.server.endpoint()).status()).isEqualTo(Status.CRITICAL);
        }
    }

    @Test
    void a_tcp_probe_connects() throws Exception {
        try (var socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            assertThat(probe("tcp", endpoint("tcp", socket.getLocalPort())).status())
                    .isEqualTo(Status.PASSING);
        }
        var gone = endpoint("tcp", unusedPort());
        assertThat(probe("tcp", gone).status()).isEqualTo(Status.CRITICAL);
        assertThat(probe("tcp", gone).message()).isEqualTo(gone.authority() + " takes no connection");
        assertThat(probe("tcp", new ServiceEndpoint("tcp", "no-such-host.invalid", 80))
                        .status())
                .isEqualTo(Status.CRITICAL);
    }

    @Test
    void a_grpc_probe_reads_the_serving_status() throws Exception {
        var health = new HealthStatusManager();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(health.getHealthService())
                .build()
                .start();
        try {
            var at = endpoint("grpc", server.getPort());
            health.setStatus("shop.Orders", ServingStatus.NOT_SERVING);
            assertThat(probe("grpc", at)).satisfies(found -> {
                assertThat(found.status()).isEqualTo(Status.PASSING);
                assertThat(found.message()).isEqualTo(at.authority() + " is serving");
            });
            assertThat(probe("grpc/shop.Orders", at)).satisfies(found -> {
                assertThat(found.status()).isEqualTo(Status.CRITICAL);
                assertThat(found.message()).isEqualTo("shop.Orders at " + at.authority() + " is not serving (2)");
            });
            health.setStatus("shop.Orders", ServingStatus.SERVING);
            assertThat(probe("grpc/shop.Orders", at).status()).isEqualTo(Status.PASSING);
            ServiceHealth unknown = probe("grpc/test.Missing", at);
            assertThat(unknown.status()).isEqualTo(Status.CRITICAL);
            assertThat(unknown.message()).startsWith(at.authority() + " answers with gRPC status 5");
        } finally {
            server.shutdownNow().awaitTermination();
        }
        var gone = endpoint("grpc", unusedPort());
        assertThat(probe("grpc", gone).message()).isEqualTo(gone.authority() + " does not answer in gRPC");
    }

    @Test
    void an_unknown_probe_is_rejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> probes.of("ping", SHOP, endpoint("http", 80)))
                .withMessageContaining("grpc/SERVICE");
    }
}
