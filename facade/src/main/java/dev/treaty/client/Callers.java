package dev.treaty.client;

import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.Locality;
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
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Guards;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The client side of a process: one {@link ServiceCaller} for each called service, created with the first call. */
public final class Callers implements AutoCloseable {
    private final Settings settings;
    private final ClientRuntime shared;
    private final Principal self;
    private final Guards guards;
    private final ContractCache contracts;
    private final ClientLocation location;
    private final Map<ServiceName, ServiceCaller> callers = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile BalanceSettings balance;
    private volatile ContextCarrier contexts = new MdcCarrier();
    private boolean closed; // guarded by the lock

    /**
     * The client side of a process that has called nothing yet.
     *
     * @param guards receives the guard of each called service
     * @param callFilters the application's filters around each call
     * @param attemptFilters the application's filters around each attempt
     */
    public Callers(
            Settings settings,
            ServiceDiscovery discovery,
            Transport transport,
            Principal self,
            Guards guards,
            List<Step> callFilters,
            List<Step> attemptFilters,
            RuntimeDependencies runtime) {
        this.settings = settings;
        this.balance = settings.balance();
        this.self = self;
        this.guards = guards;
        var faults = new FaultInjection(new FaultPolicy(settings.faults().client()), Side.CLIENT, runtime);
        this.shared = new ClientRuntime(
                runtime, discovery, transport, faults, body -> contexts.wrap(body), callFilters, attemptFilters);
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
                var own = balance.service(n);
                var balancing = new BalancingSetup(
                        own.policy(),
                        own.routing(),
                        location.current(),
                        settings.client().connectionsMax());
                var anyContract = compatible(n, null, Requirement.NONE);
                return new ServiceCaller(
                        n, settings.service(n), balancing, shared, anyContract, guard -> fallbacks(guard, null));
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
        Fallbacks fallbacks = fallbacks(caller.guard(), code);
        fallbacks.check(contract);
        return caller.pipeline(fallbacks, compatible(contract.name(), contract, requirement))
                .handler();
    }

    private CompatibilityFilter compatible(ServiceName name, @Nullable ServiceContract contract, Requirement code) {
        Requirement all = settings.balance().service(name).requires().over(code);
        return new CompatibilityFilter(contract, all, contracts);
    }

    private Fallbacks fallbacks(Guard guard, @Nullable Function<Call, Fallback<Object>> code) {
        return new Fallbacks(guard, this::callAlternative, shared.runtime().time(), code);
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

    /** Replaces the policies of all services, from the next call on. */
    public void rebalance(BalanceSettings changed) {
        Map<ServiceName, ServiceCaller> known;
        lock.lock();
        try {
            balance = changed; // services that are called for the first time from now on start with it
            known = Map.copyOf(callers);
        } finally {
            lock.unlock();
        }
        known.forEach((name, caller) -> {
            var service = changed.service(name);
            caller.nodes().reconfigure(service.policy(), service.routing());
        });
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
        shared.faults().reconfigure(changed);
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
