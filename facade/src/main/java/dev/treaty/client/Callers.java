package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.config.BalanceSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.AsyncCall;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import dev.treaty.observe.MdcCarrier;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guards;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The client side of a process: one {@link ServiceCaller} for each called service, created with the first call. */
public final class Callers implements AutoCloseable {
    private static final int CLIENTS_MAX = 1_000;

    private final ClientRuntime shared;
    private final Principal self;
    private final Guards guards;
    private final ContractCache contracts;
    private final ClientLocation location;
    private final Map<ServiceName, ServiceCaller> callers = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();

    /** The contracts of typed clients, whose fixed responses are checked with each change. */
    private final Set<ServiceContract> clients = ConcurrentHashMap.newKeySet();

    private volatile Settings settings;
    private long generation; // guarded by the lock
    private BalanceSettings balance; // guarded by the lock
    private FaultPolicy faults; // guarded by the lock
    private volatile ContextCarrier contexts = new MdcCarrier();
    private boolean closed; // guarded by the lock

    /**
     * The client side of a process that has called nothing yet.
     *
     * @param generation the number of the generation of the settings
     * @param guards receives the guard of each called service
     * @param callFilters the application's filters around each call
     * @param attemptFilters the application's filters around each attempt
     */
    public Callers(
            long generation,
            Settings settings,
            ServiceDiscovery discovery,
            Transport transport,
            Principal self,
            Guards guards,
            List<Step> callFilters,
            List<Step> attemptFilters,
            RuntimeDependencies runtime) {
        this.generation = generation;
        this.settings = settings;
        this.balance = settings.balance();
        this.self = self;
        this.guards = guards;
        this.faults = new FaultPolicy(settings.faults().client());
        this.shared = new ClientRuntime(
                runtime,
                discovery,
                transport,
                settings.client().connectionsMax(),
                new FaultInjection(Side.CLIENT, runtime),
                body -> contexts.wrap(body),
                callFilters,
                attemptFilters);
        this.contracts = new ContractCache(discovery, runtime);
        this.location = new ClientLocation(settings, discovery, runtime.random(), this::relocate);
    }

    private void relocate(Locality changed) {
        callers.values().forEach(caller -> caller.nodes().balanced().location(changed));
    }

    /** The caller of a service, with its instances from discovery; the first call waits a moment for the registry. */
    public ServiceCaller caller(ServiceName name) {
        ServiceCaller known = callers.get(name);
        ServiceCaller caller = known != null ? known : create(name);
        caller.nodes().follow(); // without the lock, since it may wait for the registry
        return caller;
    }

    private ServiceCaller create(ServiceName name) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this Treaty is closed");
            }
            ServiceCaller caller = callers.computeIfAbsent(name, n -> {
                var anyContract = new CompatibilityFilter(null, Requirement.NONE, contracts);
                return new ServiceCaller(
                        n,
                        settings.service(n),
                        CallSettings.of(generation, balance.service(n), faults),
                        location.current(),
                        shared,
                        anyContract,
                        fallbacks(null));
            });
            guards.add(caller.guard());
            return caller;
        } finally {
            lock.unlock();
        }
    }

    /** All callers by service, sorted. */
    public Map<ServiceName, ServiceCaller> all() {
        return new TreeMap<>(callers);
    }

    /**
     * Creates the pipeline of a typed client.
     *
     * @param requirement what the client requires of instances; settings take precedence
     * @param code the fallback in the client's code; null for none
     * @throws IllegalArgumentException if a configured fixed response is not a response of any operation
     */
    public Handler pipeline(
            ServiceContract contract, Requirement requirement, @Nullable Function<Call, Fallback<Object>> code) {
        ServiceCaller caller = caller(contract.name());
        Fallbacks fallbacks = fallbacks(code);
        Fallbacks.check(contract, caller.guard().policies());
        if (clients.size() < CLIENTS_MAX) {
            clients.add(contract);
        }
        return caller.pipeline(fallbacks, new CompatibilityFilter(contract, requirement, contracts))
                .handler();
    }

    private Fallbacks fallbacks(@Nullable Function<Call, Fallback<Object>> code) {
        return new Fallbacks(this::callAlternative, shared.runtime().time(), code);
    }

    /** Calls an alternative service without its fallbacks, so that two alternatives of each other do not recurse. */
    private ServiceResponse<?> callAlternative(ServiceName other, Call call) throws InterruptedException {
        CallContext context = call.context().sending(call.context().headers()).run(this::nextContext);
        return caller(other).withoutFallbacks().handle(new Call(other, call.operation(), call.arguments(), context));
    }

    /** Creates the context of a new call. */
    public CallContext nextContext() {
        return CallContext.next(self, shared.runtime().time(), shared.runtime().random());
    }

    /** Replaces the policy and the routing rules of a service, from the next call on. */
    public void rebalance(ServiceName service, BalancePolicy policy, RoutingPolicy rules) {
        caller(service).change(current -> current.with(policy, rules));
    }

    /** Uses a custom load balancer for a service, from the next call on. */
    public void balancer(ServiceName service, LoadBalancer custom) {
        caller(service).change(current -> current.with(custom));
    }

    /** Replaces the policies of all services, from the next call on. */
    public void rebalance(BalanceSettings changed) {
        each(
                () -> balance = changed, // services that are called for the first time from now on start with it
                (name, caller) -> {
                    var service = changed.service(name);
                    caller.change(current -> current.with(service.policy(), service.routing()));
                });
    }

    /**
     * Checks settings before they are applied.
     *
     * @throws IllegalArgumentException if a fixed response is not one of the operations that a client calls
     */
    public void check(Settings changed) {
        clients.forEach(contract -> Fallbacks.check(contract, changed.service(contract.name())));
    }

    /**
     * Applies another generation of settings, from the next call on. What is equal in both stays as it is, also if it
     * was changed by code.
     */
    public void apply(long number, Settings changed) {
        Settings before = settings;
        each(
                () -> {
                    settings = changed;
                    generation = number;
                    balance = changed.balance().equals(before.balance()) ? balance : changed.balance();
                    boolean same =
                            changed.faults().client().equals(before.faults().client());
                    faults = same ? faults : new FaultPolicy(changed.faults().client());
                },
                (name, caller) -> {
                    UnaryOperator<CallSettings> next = current -> current.next(number, name, before, changed);
                    if (changed.service(name).equals(before.service(name))) {
                        caller.change(next);
                    } else {
                        caller.change(changed.service(name), next);
                    }
                });
        location.apply(changed);
    }

    /** Makes a change for callers that are created from now on, and for each that exists. */
    private void each(Runnable future, BiConsumer<ServiceName, ServiceCaller> present) {
        Map<ServiceName, ServiceCaller> known;
        lock.lock();
        try {
            future.run();
            known = Map.copyOf(callers);
        } finally {
            lock.unlock();
        }
        known.forEach(present);
    }

    /** Carries contexts, besides SLF4J's MDC, to other threads that make attempts. */
    public void carry(ContextCarrier carrier) {
        contexts = new MdcCarrier().and(carrier);
    }

    /** Starts code that calls services, in the context of the calling thread. */
    public <T extends @Nullable Object> CompletableFuture<T> async(Callable<T> call) {
        return AsyncCall.start("treaty-call", shared.carrier(), call);
    }

    /** Replaces the faults that are injected into outgoing calls, from the next call on. */
    public void injectFaults(FaultPolicy changed) {
        each(() -> faults = changed, (_, caller) -> caller.change(current -> current.with(changed)));
    }

    /** Derives the location of this process from an instance that it serves; only the first call has an effect. */
    public void serves(ServiceInstance instance) {
        location.serves(instance);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        location.close();
        callers.values().forEach(caller -> caller.nodes().close());
    }
}
