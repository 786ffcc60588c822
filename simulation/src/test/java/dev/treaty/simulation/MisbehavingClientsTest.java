package dev.treaty.simulation;

import static dev.treaty.simulation.RegistryConformance.ORDERS;
import static dev.treaty.simulation.RegistryConformance.STOCK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.HttpTransport;
import dev.treaty.http.HttpTransportOptions;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Misbehaving clients of a registry, over real HTTP: they are rejected or cost little, and do not affect others. */
class MisbehavingClientsTest {
    private static final ServiceContract CONTRACT = ServiceContract.of(RegistryProtocol.class);
    private static final String TOKEN = "a-token-of-mine";

    /** How long a drain waits for acknowledgements. */
    private static final Duration DRAIN = Duration.ofSeconds(20);

    /** Patient enough for a busy machine. */
    private static final RegistryPolicy PATIENT = new RegistryPolicy(
            RegistryPolicy.STANDARD.lease(),
            Duration.ofSeconds(30),
            RegistryPolicy.STANDARD.pauseMin(),
            RegistryPolicy.STANDARD.pauseMax(),
            RegistryPolicy.STANDARD.grace(),
            RegistryPolicy.STANDARD.preservation());

    /**
     * Connections stay open nearly as long as the server keeps them, because a client that loses its connection does
     * not get another one while the server is at its limit.
     */
    private static final HttpTransportOptions STAYING = new HttpTransportOptions(
            HttpTransportOptions.STANDARD.connectionsMax(),
            HttpTransportOptions.STANDARD.idleMax(),
            HttpServerOptions.STANDARD.idleTimeout().minusSeconds(10),
            HttpTransportOptions.STANDARD.connectTimeout(),
            HttpTransportOptions.STANDARD.responseBytesMax());

    private final Time time = Time.system();
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.secure());
    private final RegistryService service = new RegistryService(table, time, Events.NONE);
    private final HttpServer server = new HttpServer(HttpServerOptions.STANDARD, time, RandomSource.system());
    private final HttpTransport transport = new HttpTransport(STAYING, time);
    private final List<AutoCloseable> opened = new ArrayList<>();

    MisbehavingClientsTest() {
        var dispatcher = Dispatcher.of(RegistryProtocol.class, CONTRACT, service, (_, _) -> {});
        server.host(new HostedService(CONTRACT, dispatcher, () -> ServiceHealth.of(Status.PASSING, time.instant())));
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable open : opened.reversed()) {
            open.close();
        }
        service.close();
        server.close();
        transport.close();
    }

    private NetworkRegistry client() {
        var client = new NetworkRegistry(
                "treaty://" + server.endpoint().authority(),
                transport.connect(server.endpoint()),
                Principal.claimed("test"),
                PATIENT,
                new RuntimeDependencies(time, RandomSource.secure(), Events.NONE));
        opened.add(client);
        return client;
    }

    private Socket connection() throws IOException {
        var socket = new Socket(server.endpoint().host(), server.endpoint().port());
        opened.add(socket);
        return socket;
    }

    private static void send(Socket socket, String operation, String body) throws IOException {
        socket.getOutputStream()
                .write(("POST /treaty.Registry/" + operation + " HTTP/1.1\r\nHost: registry\r\nContent-Type:"
                                + " application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(UTF_8));
    }

    /** Checks that an instance can be registered and closed, and that a watcher receives both events. */
    private void assertOthersAreServed(NetworkRegistry registrant, NetworkRegistry watching) {
        var seen = new WatchRecorder();
        watching.watch(STOCK, seen);
        registrant.register(RegistryConformance.instance(STOCK, "served")).close();
        seen.next(Added.class);
        seen.next(Removed.class);
    }

    @Test
    void watchers_that_never_read_do_not_delay_others() throws IOException {
        for (int i = 0; i < 200; i++) {
            var heavy =
                    RegistryConformance.instance(ORDERS, "heavy-" + i).withMetadata(Map.of("note", "x".repeat(8_000)));
            service.register(Instance.of(heavy), TOKEN, 600_000);
        }
        for (int i = 0; i < 12; i++) {
            Socket socket = connection();
            for (int again = 0; again < 4; again++) { // more responses than the buffers hold
                send(socket, "watch", "{\"since\":{\"shop.Orders\":0},\"watcher\":\"watcher-" + i + "\"}");
            }
        }
        var registrant = client();
        assertOthersAreServed(registrant, client());

        var draining = registrant.register(RegistryConformance.instance(ORDERS, "drains"));
        draining.drain();
        assertThat(draining.acknowledged(DRAIN))
                .as("the drain does not wait for watchers that do not read")
                .isTrue();
    }

    /** Returns the most connections of a server, or fewer if the machine does not allow that many open files. */
    private static int connectionsMax() throws IOException {
        Path limits = Path.of("/proc/self/limits");
        long files = !Files.exists(limits)
                ? Long.MAX_VALUE
                : Files.readAllLines(limits).stream()
                        .filter(line -> line.startsWith("Max open files"))
                        .map(line -> line.split(" {2,}", 3)[1])
                        .mapToLong(soft -> soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft))
                        .findFirst()
                        .orElse(Long.MAX_VALUE);
        return (int) Math.min(HttpServerOptions.STANDARD.connectionsMax(), files - 1_000);
    }

    private static long heapBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void idle_connections_up_to_the_limit_cost_little_and_do_not_delay_clients() throws IOException {
        var registrant = client();
        var watching = client();
        assertOthersAreServed(registrant, watching);
        long before = heapBytes();
        int connections = connectionsMax();
        try (var _ = IdleConnections.at(server.endpoint(), connections)) {
            assertOthersAreServed(registrant, watching);

            assertThat((heapBytes() - before) / connections)
                    .as("bytes of heap for each of " + connections + " connections")
                    .isLessThan(32 << 10);
        }
        assertOthersAreServed(client(), client());
    }

    @Test
    void watchers_that_have_left_are_forgotten() throws IOException {
        for (int i = 0; i < 300; i++) {
            try (Socket socket = connection()) {
                send(
                        socket,
                        "watch",
                        "{\"since\":{\"shop.Orders\":0},\"watcher\":\"watcher-" + i + "\",\"waitMillis\":0}");
            }
        }
        var registrant = client();
        assertOthersAreServed(registrant, client());
        var draining = registrant.register(RegistryConformance.instance(ORDERS, "drains"));
        draining.drain();
        assertThat(draining.acknowledged(DRAIN)).isTrue();
    }

    @Test
    void an_invented_token_does_not_take_over_an_instance() {
        var registration = client().register(RegistryConformance.instance(ORDERS, "mine"));
        var other = client();
        assertThatThrownBy(() -> other.register(RegistryConformance.instance(ORDERS, "mine")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("registered by another process");
        other.close();
        assertThat(client().instances(ORDERS)).containsExactly(registration.instance());
    }
}
