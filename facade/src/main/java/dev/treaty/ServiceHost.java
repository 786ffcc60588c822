package dev.treaty;

import dev.treaty.admin.AdminEndpoints;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.codec.OpenApi;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Gate;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.resilience.Admission;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The server side of a process: starts a server with the first service, registers instances, and drains them. */
final class ServiceHost {
    private volatile Settings settings;
    private final Filters filters;
    private final Platform platform;
    private final Security security;
    private final Registry registry;
    private final RuntimeDependencies runtime;
    private final Time time;
    private final Instant startedAt;
    private final FaultInjection injection;
    private final Supplier<Optional<String>> problem;
    private volatile FaultPolicy faults;
    private final Map<ServiceName, ServedService> served;
    private final AdminEndpoints admin;
    private final Runnable close;
    private final ReentrantLock lock = new ReentrantLock();

    /** The lock guards all following fields. */
    private @Nullable Server server;

    private Runnable removeExitHook = () -> {};
    private boolean closed;

    /**
     * A host that does not listen yet.
     *
     * @param served receives the served services
     * @param problem why the latest change of the settings was refused, if it was
     * @param close closes the whole process; called if it exits without closing
     */
    ServiceHost(
            Settings settings,
            Filters filters,
            Platform platform,
            Security security,
            Registry registry,
            Map<ServiceName, ServedService> served,
            AdminEndpoints admin,
            RuntimeDependencies runtime,
            Supplier<Optional<String>> problem,
            Runnable close) {
        this.settings = settings;
        this.filters = filters;
        this.platform = platform;
        this.security = security;
        this.registry = registry;
        this.runtime = runtime;
        this.time = runtime.time();
        this.startedAt = time.instant();
        this.injection = new FaultInjection(Side.SERVER, runtime);
        this.problem = problem;
        this.faults = new FaultPolicy(settings.faults().server());
        this.served = served;
        this.admin = admin;
        this.close = close;
    }

    /** @param limited whether the limits of the server apply */
    <T> ServedService serve(Class<T> type, ServiceContract contract, T implementation, boolean limited) {
        ServiceName name = contract.name();
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this Treaty is closed");
            }
            if (served.containsKey(name)) {
                throw new IllegalStateException(name + " is served already by this process");
            }
            Server listening = server();
            var admission = limited ? new Admission(name, settings.server().limits(), faults, time) : null;
            Pipeline pipeline = pipeline(type, contract, implementation, admission);
            registry.publish(contract); // first, so that a contract that the registry rejects is not served
            listening.host(new HostedService(
                    contract, pipeline.handler(), () -> health(name), admission == null ? Gate.OPEN : admission));
            listening.page(
                    "/-/openapi/" + name,
                    "application/json",
                    () -> OpenApi.of(contract).getBytes(StandardCharsets.UTF_8));
            var service = new ServedService(
                    contract,
                    registry.register(instance(contract, listening.endpoint())),
                    listening,
                    implementation,
                    pipeline::describe,
                    admission,
                    problem,
                    this::noticeMax,
                    runtime,
                    closedService -> served.remove(name, closedService));
            served.put(name, service);
            security.serves(name);
            return service;
        } finally {
            lock.unlock();
        }
    }

    private <T> Pipeline pipeline(
            Class<T> type, ServiceContract contract, T implementation, @Nullable Admission admission) {
        Handler dispatcher = Dispatcher.of(
                type,
                contract,
                implementation,
                (call, cause) -> runtime.events().emit(new Event.HandlerFailed(call, cause)));
        Handler dispatch = call -> {
            Object taken = call.context().record().settings(); // by the limits, if there are any
            FaultPolicy applied = taken instanceof FaultPolicy policy ? policy : faults;
            ServiceResponse<?> injected = injection.inject(applied, call);
            try {
                return injected != null ? injected : dispatcher.handle(call);
            } finally {
                Thread.interrupted(); // left by the implementation: the response could not be sent
            }
        };
        if (admission == null) {
            return Pipelines.server(dispatch, time, runtime.events());
        }
        return Pipelines.server(
                admission,
                filters.at(Filters.Place.SERVER_ADMISSION, runtime.events()),
                filters.at(Filters.Place.SERVER_HANDLER, runtime.events()),
                dispatch,
                runtime);
    }

    private Server server() {
        if (server == null) {
            server = platform.server().apply(settings.server(), security.process());
            admin.host(server, settings.server().host(), security.on());
            security.reportExposure();
            drainOnExit(settings.server().drainOnExit());
        }
        return server;
    }

    private void drainOnExit(boolean wanted) {
        removeExitHook.run();
        removeExitHook = wanted ? platform.onExit().apply(close) : () -> {};
    }

    private ServiceInstance instance(ServiceContract contract, ServiceEndpoint endpoint) {
        String name = contract.name().value();
        ServerSettings own = settings.server();
        return ServiceInstance.of(
                        name.substring(name.lastIndexOf('.') + 1) + "-"
                                + HexFormat.of().toHexDigits(platform.secrets().nextInt()),
                        contract.name(),
                        contract.version(),
                        new ServiceEndpoint(endpoint.protocol(), own.advertisedHost(), endpoint.port()),
                        startedAt)
                .withHealth(ServiceHealth.of(Status.PASSING, time.instant()))
                .withPlace(settings.region(), settings.zone())
                .withWeight(own.weight())
                .withContract(contract.fingerprint())
                .withMetadata(metadata(contract, own));
    }

    private static Map<String, String> metadata(ServiceContract contract, ServerSettings own) {
        var metadata = new TreeMap<>(own.metadata());
        metadata.putAll(Requirement.metadata(contract.capabilities()));
        return metadata;
    }

    /** Half of the drain time is for notifying clients, so that calls in flight have at least the other half. */
    private Duration noticeMax() {
        return settings.server().drain().dividedBy(2);
    }

    private ServiceHealth health(ServiceName name) {
        ServedService service = served.get(name);
        return service == null ? ServiceHealth.of(Status.UNKNOWN, time.instant()) : service.health();
    }

    /** Adds a page to the server, which listens. */
    void page(String path, String contentType, Supplier<byte[]> body) {
        lock.lock();
        try {
            server().page(path, contentType, body);
        } finally {
            lock.unlock();
        }
    }

    /** The endpoint of the server; empty until the first service is served. */
    Optional<ServiceEndpoint> endpoint() {
        lock.lock();
        try {
            return Optional.ofNullable(server).map(Server::endpoint);
        } finally {
            lock.unlock();
        }
    }

    void injectFaults(FaultPolicy changed) {
        lock.lock();
        try {
            faults = changed;
            served.values().forEach(service -> service.limits(settings.server().limits(), changed));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Applies another generation of settings: limits and faults from the next call on, the rest of the server's from
     * the next request on, and what is registered with the instances. What is equal in both stays as it is.
     */
    void apply(Settings changed) {
        lock.lock();
        try {
            Settings before = settings;
            settings = changed;
            if (!changed.faults().server().equals(before.faults().server())) {
                faults = new FaultPolicy(changed.faults().server());
            }
            Server listening = server;
            ServerSettings now = changed.server();
            boolean same = now.equals(before.server()) && changed.faults().equals(before.faults());
            if (listening == null || same) {
                return;
            }
            listening.reconfigure(now.bodyBytesMax(), Set.copyOf(now.cors().origins()), now.trustedProxies());
            if (now.drainOnExit() != before.server().drainOnExit() && !closed) {
                drainOnExit(now.drainOnExit());
            }
            served.values().forEach(service -> service.limits(now.limits(), faults));
            if (now.weight() != before.server().weight()
                    || !now.metadata().equals(before.server().metadata())) {
                served.values().forEach(service -> update(service, now));
            }
        } finally {
            lock.unlock();
        }
    }

    private void update(ServedService service, ServerSettings now) {
        try {
            service.update(now.weight(), contract -> metadata(contract, now));
        } catch (RuntimeException e) { // the registry rejects it, for this instance
            BackgroundThread.report("treaty-settings", runtime.events(), e);
        }
    }

    /** Reports the health of all services again, since the settings have a problem, or have it no longer. */
    void reportAgain() {
        served.values().forEach(ServedService::reportAgain);
    }

    /** Rejects new services; returns false if that has been done before. */
    boolean startClosing() {
        lock.lock();
        try {
            boolean first = !closed;
            closed = true;
            removeExitHook.run();
            return first;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Drains all services and closes the server, at most within the configured drain time.
     *
     * @param beforeServer called after clients have been notified and before the server drains
     */
    void drain(Runnable beforeServer) {
        Server listening = server;
        if (listening == null) {
            return;
        }
        long end = time.nanoTime() + settings.server().drain().toNanos();
        ServedService.forEach(served.values(), ServedService::drain);
        ServedService.awaitNotified(served.values(), noticeMax(), time);
        beforeServer.run();
        listening.drain(Duration.ofNanos(Math.max(0, end - time.nanoTime())));
        ServedService.forEach(served.values(), ServedService::deregister);
    }
}
