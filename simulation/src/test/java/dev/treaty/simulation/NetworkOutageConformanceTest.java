package dev.treaty.simulation;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.HttpTransport;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Outages of a network registry over real HTTP; it stores nothing. */
class NetworkOutageConformanceTest extends OutageConformance {
    private static final ServiceContract CONTRACT = ServiceContract.of(RegistryProtocol.class);
    private static final String HOST = "127.0.0.1";

    private static final RegistryLimits LIMITS =
            new RegistryLimits(1_000, 100, 100, 100, 8, Duration.ofMillis(100), Duration.ofMinutes(10), 1 << 30);

    private final Time time = Time.system();
    private final HttpTransport transport = new HttpTransport(time);
    private final Map<Registry, Cable> cables = new HashMap<>();
    private int port; // 0 until the first start
    private RegistryService service;
    private HttpServer server;

    @BeforeEach
    @Override
    protected void restart() {
        service = new RegistryService(new RegistryTable(LIMITS, RandomSource.secure()), time, Events.NONE);
        server = new HttpServer(HttpServerOptions.STANDARD.at(HOST, port), time, RandomSource.system());
        port = server.endpoint().port();
        var dispatcher = Dispatcher.of(RegistryProtocol.class, CONTRACT, service, (_, _) -> {});
        server.host(new HostedService(CONTRACT, dispatcher, () -> ServiceHealth.of(Status.PASSING, time.instant())));
    }

    @AfterEach
    @Override
    protected void stop() {
        service.close();
        server.close();
    }

    @Override
    protected void restartEmpty() {
        stop();
        restart();
    }

    @Override
    protected void takeSnapshot() {}

    @Override
    protected void restoreSnapshot() {
        restartEmpty();
    }

    @Override
    protected RegistryAddress address() {
        return new RegistryAddress.Network(HOST, port);
    }

    @Override
    protected RegistryPolicy shortLease() {
        return policy(Duration.ofMillis(600), Duration.ofSeconds(20));
    }

    @Override
    protected Registry open(RegistryPolicy policy) {
        var cable = new Cable(transport.connect(server.endpoint()));
        var registry = new NetworkRegistry(
                address().toString(),
                cable,
                Principal.claimed("test"),
                policy,
                new RuntimeDependencies(time, RandomSource.secure(), Events.NONE));
        cables.put(registry, cable);
        return registry;
    }

    @Override
    protected void endLease(Registry owner, String id) {
        Cable cable = cables.get(owner);
        cable.cut.set(true);
        Polling.until(() -> service.instances(ORDERS.value(), "", 10, Optional.empty()).stream()
                .noneMatch(instance -> instance.id().equals(id)));
        cable.cut.set(false);
    }
}
