package dev.treaty.simulation;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A network registry on an in-memory network, which a test can start, crash and restart. */
final class RegistryHost implements AutoCloseable {
    static final ServiceEndpoint ENDPOINT = new ServiceEndpoint("http", "registry", 7400);

    final MemoryNetwork network;

    /** A request and the time of its arrival. */
    record Request(String operation, long nanos) {}

    /** The requests in order of arrival. */
    final Queue<Request> requests = new ConcurrentLinkedQueue<>();

    private final Time time;
    private final RegistryLimits limits;
    private @Nullable RegistryService service;
    private Handler handler = call -> ServiceResponse.failed(Code.UNAVAILABLE, "the registry has not started");

    RegistryHost(Time time, RegistryLimits limits) {
        this.time = time;
        this.limits = limits;
        this.network = new MemoryNetwork(time);
    }

    /** Starts the registry, empty. */
    RegistryHost start() {
        var started = new RegistryService(new RegistryTable(limits, RandomSource.system()), time, Events.NONE);
        service = started;
        var contract = ServiceContract.of(RegistryProtocol.class);
        Handler dispatcher = Dispatcher.of(RegistryProtocol.class, contract, started, (call, error) -> {
            throw new AssertionError("internal error of " + call.path(), error);
        });
        handler = call -> {
            requests.add(new Request(call.operation().name(), time.nanoTime()));
            return dispatcher.handle(call);
        };
        network.host(ENDPOINT, handler);
        return this;
    }

    void crash() {
        network.crash(ENDPOINT);
        if (service != null) {
            service.close();
        }
    }

    /** Returns the handler without the network: it runs on the thread of the caller. */
    Handler handler() {
        return handler;
    }

    NetworkRegistry client(RegistryPolicy policy, Events events) {
        return client(network.connect(ENDPOINT), policy, events);
    }

    NetworkRegistry client(Handler connection, RegistryPolicy policy, Events events) {
        return client(connection, policy, RandomSource.system(), events);
    }

    NetworkRegistry client(Handler connection, RegistryPolicy policy, RandomGenerator random, Events events) {
        return new NetworkRegistry(
                "treaty://registry:7400",
                connection,
                Principal.claimed("test"),
                policy,
                new RuntimeDependencies(time, random, events));
    }

    /** Returns the protocol of the registry over the network, without a client's retries. */
    RegistryProtocol protocol() {
        return ServiceProxy.of(
                RegistryProtocol.class,
                ServiceContract.of(RegistryProtocol.class),
                network.connect(ENDPOINT),
                () -> CallContext.next(Principal.claimed("test"), time, RandomSource.system()));
    }

    long count(String operation) {
        return List.copyOf(requests).stream()
                .filter(request -> request.operation.equals(operation))
                .count();
    }

    @Override
    public void close() {
        crash();
        network.close();
    }
}
