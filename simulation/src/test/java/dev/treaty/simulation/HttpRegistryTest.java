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
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;

/** The networked registry over real HTTP on loopback. */
class HttpRegistryTest extends RegistryConformance {
    private static final ServiceContract CONTRACT = ServiceContract.of(RegistryProtocol.class);

    private final Time time = Time.system();
    private final RegistryService service =
            new RegistryService(new RegistryTable(RegistryLimits.STANDARD, RandomSource.secure()), time, Events.NONE);
    private final HttpServer server = new HttpServer(HttpServerOptions.STANDARD, time, RandomSource.system());
    private final HttpTransport transport = new HttpTransport(time);

    HttpRegistryTest() {
        var dispatcher = Dispatcher.of(RegistryProtocol.class, CONTRACT, service, (_, _) -> {});
        server.host(new HostedService(CONTRACT, dispatcher, () -> ServiceHealth.of(Status.PASSING, time.instant())));
    }

    @Override
    protected Registry open() {
        return new NetworkRegistry(
                "treaty://" + server.endpoint().authority(),
                transport.connect(server.endpoint()),
                Principal.claimed("test"),
                BackendConformance.PATIENT,
                new RuntimeDependencies(time, RandomSource.secure(), Events.NONE));
    }

    @Override
    protected void shutDown() {
        service.close();
        server.close();
        transport.close();
    }
}
