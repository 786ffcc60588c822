package dev.treaty.client;

import dev.treaty.balance.Locality;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Policies;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The nodes, the guard and the pipelines of one service that a process calls; all clients of the service share them.
 */
public final class ServiceCaller {
    private final Nodes nodes;
    private final Guard guard;
    private final ClientRuntime shared;
    private final Mirror mirror;
    private final CompatibilityFilter compatible;
    private final Handler handler;
    private final Handler withoutFallbacks;
    private final ReentrantLock lock = new ReentrantLock();
    private CallSettings settings; // guarded by the lock

    /**
     * @param compatible the filter for calls without a contract
     * @param fallbacks the fallbacks of calls without a typed client
     */
    ServiceCaller(
            ServiceName service,
            Policies policies,
            CallSettings settings,
            Locality location,
            ClientRuntime shared,
            CompatibilityFilter compatible,
            Fallbacks fallbacks) {
        RuntimeDependencies runtime = shared.runtime();
        this.guard = Guard.named(service.value())
                .runtime(runtime)
                .context(shared.carrier())
                .instanceBreakers(this::breakers)
                .build();
        guard.apply(policies, settings);
        this.settings = settings;
        this.nodes = new Nodes(service, guard::tolerance, settings.balance(), location, shared);
        guard.whenApplied(nodes::applyTolerance);
        this.shared = shared;
        this.mirror = new Mirror(shared.attemptFilters(), runtime);
        this.compatible = compatible;
        this.handler = pipeline(fallbacks, compatible).handler();
        this.withoutFallbacks = pipeline((_, _) -> Fallbacks.NONE, compatible).handler();
    }

    /** Changes what the steps after the guard apply, from the next call on. */
    void change(UnaryOperator<CallSettings> change) {
        change(change, guard::attach);
    }

    /** Changes the policies of the guard and what the steps after it apply, both from the same call on. */
    void change(Policies policies, UnaryOperator<CallSettings> change) {
        change(change, next -> guard.apply(policies, next));
    }

    @SuppressWarnings("ReferenceEquality") // setups are compared by identity
    private void change(UnaryOperator<CallSettings> change, Consumer<CallSettings> apply) {
        lock.lock();
        try {
            CallSettings next = change.apply(settings);
            if (next.balance() != settings.balance()) {
                nodes.balanced().reconfigure(next.balance());
            }
            settings = next;
            apply.accept(next);
        } finally {
            lock.unlock();
        }
    }

    /** Creates a client's pipeline for this service. */
    Pipeline pipeline(
            BiFunction<? super Call, ? super FallbackPolicy, ? extends Fallback<Object>> fallbacks,
            CompatibilityFilter filter) {
        return Pipelines.client(
                guard,
                fallbacks,
                new BalancingHandler(nodes, mirror, shared, filter),
                shared.callFilters(),
                shared.attemptFilters(),
                shared.runtime());
    }

    /** Describes the steps of a call, outermost first. */
    public String describe() {
        return pipeline((_, _) -> Fallbacks.NONE, compatible).describe();
    }

    /** The pipeline for calls without a contract. */
    public Handler handler() {
        return handler;
    }

    Handler withoutFallbacks() {
        return withoutFallbacks;
    }

    private Map<String, CircuitBreaker> breakers() {
        return nodes.list().stream()
                .collect(Collectors.toMap(node -> node.instance().id(), Node::breaker));
    }

    public Guard guard() {
        return guard;
    }

    public Nodes nodes() {
        return nodes;
    }
}
