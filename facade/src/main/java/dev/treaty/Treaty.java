package dev.treaty;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.client.BalancingSetup;
import dev.treaty.client.ClientLocation;
import dev.treaty.client.CompatibilityFilter;
import dev.treaty.client.ContractCache;
import dev.treaty.client.Fallbacks;
import dev.treaty.client.ServiceCaller;
import dev.treaty.codec.OpenApi;
import dev.treaty.config.BalanceSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.AsyncCall;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.observe.EventLog;
import dev.treaty.observe.MetricsRecorder;
import dev.treaty.observe.PrometheusExporter;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.FileStore;
import dev.treaty.registry.server.Journal;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.resilience.Admission;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Guards;
import dev.treaty.resilience.Policies;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The fabric as one process sees it: it serves contracts, calls services, and holds all that both share. Open one per
 * process and close it at the end; closing drains what is served, so that no caller loses a call.
 *
 * <p>Everything here may be used by any number of threads.
 */
public final class Treaty implements AutoCloseable {
    private final Settings settings;
    private volatile BalanceSettings balance;
    private final Platform platform;
    private final Time time;
    private final Principal self;
    private final Instant startedAt;
    private final EventStream events = new EventStream();
    private final MetricsRecorder metrics;
    private final PrometheusExporter prometheus;
    private final Transport transport;
    private final List<RegistryService> services = new CopyOnWriteArrayList<>();
    private final RegistryTable table;
    private final Registry registry;
    private final ContractCache contracts;
    private final ServiceClient client = new ServiceClient(this);
    private final Map<ServiceName, ServiceCaller> callers = new ConcurrentHashMap<>();
    private final Guards guards = new Guards();
    private final Map<ServiceName, ServedService> hosted = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Journal journal;
    private final FaultInjection outgoing;
    private final FaultInjection incoming;
    private final ClientLocation whereabouts;
    private @Nullable Server server;
    private boolean closed;

    private Treaty(Settings settings, Platform platform) {
        this.settings = settings;
        this.balance = settings.balance();
        this.platform = platform;
        this.time = platform.time();
        this.self = Principal.claimed(settings.name());
        this.startedAt = time.instant();
        this.metrics = new MetricsRecorder(time);
        this.prometheus = new PrometheusExporter(metrics);
        if (settings.metrics().enabled()) {
            events.subscribe(metrics);
        }
        events.subscribe(new EventLog(time));
        this.transport = platform.transport().apply(settings.client());
        this.table = new RegistryTable(
                RegistryLimits.STANDARD.withInstances(settings.registryServer().instancesMax()),
                settings.registryServer().preservation(),
                platform.secrets());
        this.registry = new Registries(platform, self, transport, table, events).open(settings.registry());
        this.contracts = new ContractCache(registry, time);
        this.outgoing = faults(Side.CLIENT, settings.faults().client());
        this.incoming = faults(Side.SERVER, settings.faults().server());
        this.whereabouts = new ClientLocation(
                settings, registry, platform.chance(), place -> callers.values().forEach(c -> c.place(place)));
    }

    private FaultInjection faults(Side side, List<InjectedFault> faults) {
        return new FaultInjection(new FaultPolicy(faults), side, time, platform.chance(), events);
    }

    /** With the defaults and the environment's {@code TREATY_…} variables: a registry within the process. */
    public static Treaty open() {
        return open(Settings.of(System.getenv()));
    }

    /**
     * As a file has it, and the environment.
     *
     * @throws dev.treaty.config.ConfigurationException where either is wrong; the message lists every problem
     */
    public static Treaty open(Path file) {
        return open(Settings.load(file, System.getenv()));
    }

    /** With these settings. */
    public static Treaty open(Settings settings) {
        return open(settings, Platform.system());
    }

    /** With these settings, on another ground than the machine's own: a simulation. */
    public static Treaty open(Settings settings, Platform platform) {
        return new Treaty(settings, platform);
    }

    /**
     * Offers a service to others: checks the contract, listens, publishes the contract and registers an instance. Where
     * the registry cannot be reached, the service is up all the same and registers as soon as it can.
     *
     * @param contract an interface with {@link dev.treaty.core.contract.Contract}
     * @param implementation keeps it. Each call runs on a virtual thread of its own; one that is also a {@link
     *     dev.treaty.core.health.HealthSource} is asked how it feels
     * @throws dev.treaty.core.contract.ContractException where the contract cannot travel
     * @throws dev.treaty.core.contract.IncompatibleContractException where the registry refuses the contract because it
     *     breaks clients of another version with the same major number; nothing is offered then
     * @throws IllegalStateException where this is closed, or a service of that name is served and was not closed
     */
    public <T> ServedService serve(Class<T> contract, T implementation) {
        return serve(contract, ServiceContract.of(contract), implementation);
    }

    /**
     * Offers a service under a contract that differs from the interface's own in its version or its description.
     *
     * @see #serve(Class, Object)
     */
    public <T> ServedService serve(Class<T> type, ServiceContract contract, T implementation) {
        var admission = new Admission(contract.name(), settings.server().limits(), time);
        return serve(type, contract, implementation, admission);
    }

    private <T> ServedService serve(
            Class<T> type, ServiceContract contract, T implementation, @Nullable Admission admission) {
        ServiceName name = contract.name();
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this Treaty is closed");
            }
            if (hosted.containsKey(name)) {
                throw new IllegalStateException(name + " is served already by this process");
            }
            Server listening = server();
            Handler dispatch = Dispatcher.of(type, contract, implementation, this::mistake);
            Handler handler = Pipelines.server(admission, incoming.around(dispatch), time, events)
                    .handler();
            Supplier<ServiceHealth> health = () -> health(name);
            registry.publish(contract); // first: what the registry refuses is not offered
            listening.host(new HostedService(contract, handler, health));
            listening.page(
                    "/-/openapi/" + name,
                    "application/json",
                    () -> OpenApi.of(contract).getBytes(StandardCharsets.UTF_8));
            Registration registration = registry.register(instance(contract, listening));
            var service = new ServedService(
                    registration,
                    listening,
                    implementation,
                    hearing(),
                    time,
                    platform.chance(),
                    over -> hosted.remove(name, over));
            hosted.put(name, service);
            whereabouts.serves(service.instance());
            return service;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Offers this process's registry to others, who reach it as {@code treaty://host:port}. Where {@code
     * registry-server.data} is set, it begins with what it knew when it was last served.
     *
     * @throws IllegalStateException where this process uses a registry elsewhere
     * @throws UncheckedIOException where the directory of its state cannot be used
     */
    public ServedService serveRegistry() {
        if (!(registry instanceof EmbeddedRegistry)) {
            throw new IllegalStateException(
                    "this process uses the registry at " + registry.address() + ": only an embedded one can be served");
        }
        settings.registryServer().data().ifPresent(this::remember);
        var service = new RegistryService(table, time, events);
        services.add(service);
        // Its watches are calls that wait, one for each client, and it has limits of its own.
        return serve(RegistryProtocol.class, ServiceContract.of(RegistryProtocol.class), service, null);
    }

    private void remember(String directory) {
        lock.lock();
        try {
            if (journal == null) {
                var store = new FileStore(Path.of(directory));
                try {
                    journal = new Journal(table, store, time, events);
                } catch (IOException e) {
                    store.close();
                    throw e;
                }
            }
        } catch (IOException | InvalidPathException e) {
            throw new UncheckedIOException(
                    new IOException("the registry's state cannot be kept in " + directory + ": " + e.getMessage()));
        } finally {
            lock.unlock();
        }
    }

    void mistake(Call call, Throwable cause) {
        events.emit(new Event.HandlerFailed(call, cause));
    }

    private ServiceInstance instance(ServiceContract contract, Server listening) {
        ServiceEndpoint endpoint = listening.endpoint();
        String shortName =
                contract.name().value().substring(contract.name().value().lastIndexOf('.') + 1);
        ServerSettings server = settings.server();
        var metadata = new TreeMap<>(server.metadata());
        metadata.putAll(Requirement.metadata(contract.capabilities()));
        return ServiceInstance.of(
                        shortName + "-"
                                + HexFormat.of().toHexDigits(platform.secrets().nextInt()),
                        contract.name(),
                        contract.version(),
                        new ServiceEndpoint(endpoint.protocol(), server.advertisedHost(), endpoint.port()),
                        startedAt)
                .withHealth(ServiceHealth.of(Status.PASSING, time.instant()))
                .withPlace(settings.region(), settings.zone())
                .withWeight(server.weight())
                .withContract(contract.fingerprint())
                .withMetadata(metadata);
    }

    /** Half of the time to drain is for callers to hear of it, so that calls under way have the other half at least. */
    private Duration hearing() {
        return settings.server().drain().dividedBy(2);
    }

    private ServiceHealth health(ServiceName name) {
        ServedService service = hosted.get(name);
        return service == null ? ServiceHealth.of(Status.UNKNOWN, time.instant()) : service.health();
    }

    private Server server() {
        if (server == null) {
            server = platform.server().apply(settings.server());
            new AdminEndpoints(this).offer(server);
        }
        return server;
    }

    /**
     * A typed client: calling a method calls the service, at instances whose contract has the same major version and
     * can be talked to.
     *
     * @throws dev.treaty.core.contract.ContractException where the contract cannot travel
     * @throws IllegalArgumentException where a fixed answer that is configured is not an answer of any operation
     */
    public <T> T client(Class<T> contract) {
        var read = ServiceContract.of(contract);
        return client(contract, read, Requirement.of(read), null);
    }

    /**
     * A typed client that requires more, or other versions: {@code Requirement.of(contract).withCapability("search")}.
     *
     * @see #client(Class)
     */
    public <T> T client(Class<T> contract, Requirement requirement) {
        return client(contract, ServiceContract.of(contract), requirement, null);
    }

    /**
     * A typed client with a fallback: where the service cannot answer, {@code fallback} does. It may throw {@link
     * dev.treaty.core.call.ServiceException} with {@code UNIMPLEMENTED} for operations that it has no answer for.
     */
    public <T> T client(Class<T> contract, T fallback) {
        var read = ServiceContract.of(contract);
        return client(
                contract,
                read,
                Requirement.of(read),
                Fallbacks.implementation(contract, read, fallback, this::mistake));
    }

    /**
     * A typed client that degrades: where the service cannot answer, an implementation answers that is made for what
     * went wrong. The answer's origin is {@link Origin#DEGRADED}.
     *
     * <pre>{@code
     * Recommendations recommendations = treaty.degradingClient(Recommendations.class, fault -> user -> List.of());
     * }</pre>
     *
     * @param degraded gives the implementation for a fault; it may throw {@code UNIMPLEMENTED} as any fallback may
     * @see #client(Class, Object)
     */
    public <T> T degradingClient(Class<T> contract, Function<? super Fault, ? extends T> degraded) {
        var read = ServiceContract.of(contract);
        return client(
                contract, read, Requirement.of(read), Fallbacks.degraded(contract, read, degraded, this::mistake));
    }

    private <T> T client(
            Class<T> type,
            ServiceContract contract,
            Requirement requirement,
            @Nullable Function<Call, Fallback<Object>> code) {
        ServiceCaller caller = caller(contract.name());
        Fallbacks fallbacks = fallbacks(caller.guard(), code);
        fallbacks.check(contract);
        var compatible = compatible(contract.name(), contract, requirement);
        Handler handler = caller.pipeline(fallbacks, compatible).handler();
        return ServiceProxy.of(type, contract, handler, this::nextContext);
    }

    /** Which instances a client's calls may go to: by its contract, by what its code requires, and by the settings. */
    private CompatibilityFilter compatible(ServiceName name, @Nullable ServiceContract contract, Requirement code) {
        Requirement all = settings.balance().service(name).requires().over(code);
        return new CompatibilityFilter(contract, all, contracts);
    }

    private Fallbacks fallbacks(Guard guard, @Nullable Function<Call, Fallback<Object>> code) {
        return new Fallbacks(guard, this::alternative, time, code);
    }

    /** Another service answers without fallbacks of its own: two that stand in for each other come to an end. */
    private ServiceResponse<?> alternative(ServiceName other, Call call) throws InterruptedException {
        CallContext context = call.context().run(this::nextContext);
        return caller(other).bare().handle(new Call(other, call.operation(), call.arguments(), context));
    }

    /** A typed client of one endpoint, without discovery, balancing or retries: for tools. Close it when done. */
    public <T> Direct<T> direct(Class<T> contract, ServiceEndpoint endpoint) {
        var connection = transport.connect(endpoint);
        Duration wait = settings.defaults().deadline();
        Handler handler = call -> connection.handle(call.with(call.context().within(Deadline.after(wait, time))));
        return new Direct<>(
                ServiceProxy.of(contract, ServiceContract.of(contract), handler, this::nextContext), connection);
    }

    /**
     * A client of one endpoint.
     *
     * @param client the typed client
     * @param connection what it calls through
     */
    public record Direct<T>(T client, Transport.Connection connection) implements Closeable {
        @Override
        public void close() {
            connection.close();
        }
    }

    /** Calls services by name, without their interfaces. */
    public ServiceClient client() {
        return client;
    }

    /**
     * Runs something on a virtual thread of its own, in the context of the thread that calls this: how a typed client
     * is called asynchronously.
     *
     * <pre>{@code
     * CompletableFuture<Order> order = treaty.callAsync(() -> orders.get("42"));
     * }</pre>
     */
    public <R> CompletableFuture<R> callAsync(Callable<R> call) {
        return AsyncCall.start("treaty-call", call);
    }

    /**
     * Runs something whose calls have that priority, along the whole chain: where not all of them can be served, the
     * less important are turned away first.
     *
     * <pre>{@code
     * Report report = treaty.withPriority(Priority.SHEDDABLE, () -> reports.refresh(day));
     * }</pre>
     */
    public <R, X extends Throwable> R withPriority(Priority priority, ScopedValue.CallableOp<R, X> body) throws X {
        CallContext current = CallContext.currentOrNull();
        return (current == null ? nextContext() : current).priority(priority).run(body);
    }

    ServiceCaller caller(ServiceName name) {
        ServiceCaller known = callers.get(name);
        ServiceCaller caller = known != null ? known : newCaller(name);
        // Not under the lock: other services need not wait until the registry tells of this one.
        caller.nodes().follow();
        return caller;
    }

    private ServiceCaller newCaller(ServiceName name) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this Treaty is closed");
            }
            ServiceCaller caller = callers.computeIfAbsent(
                    name,
                    n -> new ServiceCaller(
                            n,
                            policies(n),
                            balancing(n),
                            outgoing,
                            registry,
                            compatible(n, null, Requirement.NONE),
                            guard -> fallbacks(guard, null),
                            transport,
                            time,
                            platform.chance(),
                            events));
            guards.add(caller.guard());
            return caller;
        } finally {
            lock.unlock();
        }
    }

    private Policies policies(ServiceName name) {
        return settings.service(name);
    }

    private BalancingSetup balancing(ServiceName name) {
        var service = balance.service(name);
        return new BalancingSetup(
                service.policy(),
                service.routing(),
                whereabouts.place(),
                settings.client().connectionsMax());
    }

    /**
     * Spreads the calls to a service otherwise, from the next call on. What is known of its instances stays.
     *
     * @param policy how they are spread
     * @param routing which instances a call may be for
     */
    public void rebalance(ServiceName service, BalancePolicy policy, RoutingPolicy routing) {
        caller(service).rebalance(policy, routing);
    }

    /**
     * Spreads all calls otherwise, from the next call on, to services that have been called and to others. What is
     * known of their instances stays. With a file that has changed:
     *
     * <pre>{@code
     * treaty.rebalance(Settings.load(file, System.getenv()).balance());
     * }</pre>
     */
    public void rebalance(BalanceSettings changed) {
        Map<ServiceName, ServiceCaller> known;
        lock.lock();
        try {
            balance = changed; // whoever is called for the first time from now on is in no need of a change
            known = Map.copyOf(callers);
        } finally {
            lock.unlock();
        }
        known.forEach((name, caller) -> {
            var service = changed.service(name);
            caller.rebalance(service.policy(), service.routing());
        });
    }

    /** Picks the instances of a service with a picker of your own, from the next call on. */
    public void balancer(ServiceName service, LoadBalancer own) {
        caller(service).balancer(own);
    }

    /** Puts other faults in the way of calls, from the next call on: those that this process makes, and serves. */
    public void injectFaults(FaultPolicy client, FaultPolicy server) {
        outgoing.reconfigure(client);
        incoming.reconfigure(server);
    }

    CallContext nextContext() {
        return CallContext.next(self, time, platform.chance());
    }

    /** The registry that this process uses, with both of its faces. */
    public Registry registry() {
        return registry;
    }

    /** What has been measured in this process. */
    public MetricsRecorder metrics() {
        return metrics;
    }

    /**
     * The guards of the services that this process has called: how they do, and where their level and policies are
     * changed while calls run. Guards of one's own may be added.
     */
    public Guards guards() {
        return guards;
    }

    PrometheusExporter prometheus() {
        return prometheus;
    }

    /** Everything that happens in this process. */
    public EventStream events() {
        return events;
    }

    /** With what it was opened. */
    public Settings settings() {
        return settings;
    }

    /** Where its services can be reached; nothing until one is served. */
    public Optional<ServiceEndpoint> endpoint() {
        lock.lock();
        try {
            return Optional.ofNullable(server).map(Server::endpoint);
        } finally {
            lock.unlock();
        }
    }

    /** The steps of a call to that service, outermost first, with the reason why each stands where it stands. */
    public String describe(ServiceName service) {
        return caller(service).describe();
    }

    Time time() {
        return time;
    }

    List<ServedService> hosted() {
        return List.copyOf(new TreeMap<>(hosted).values());
    }

    Map<ServiceName, ServiceCaller> callers() {
        return new TreeMap<>(callers);
    }

    /**
     * Ends in good order: callers are told to go elsewhere and have heard, calls under way end, both together at most
     * as long as {@code server.drain} says, instances leave the registry, connections close. Closing twice does
     * nothing.
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        Server listening = server;
        if (listening != null) {
            long end = time.nanoTime() + settings.server().drain().toNanos();
            ServedService.each(hosted.values(), ServedService::drain);
            ServedService.awaitHeard(hosted.values(), hearing(), time);
            services.forEach(RegistryService::close); // its waiting watches are answered, so that they end
            listening.drain(Duration.ofNanos(Math.max(0, end - time.nanoTime())));
            ServedService.each(hosted.values(), ServedService::leave);
        }
        whereabouts.close();
        callers.values().forEach(ServiceCaller::close);
        registry.close();
        forget();
        transport.close();
        prometheus.close();
    }

    /** Lets go of the registry's state on disk, which stays there. */
    private void forget() {
        Journal kept = journal;
        if (kept != null) {
            try {
                kept.close();
            } catch (IOException e) {
                events.emit(new Event.RegistryChanged(
                        registry.address(), true, "the last of the registry's state was not saved: " + e.getMessage()));
            }
        }
    }
}
