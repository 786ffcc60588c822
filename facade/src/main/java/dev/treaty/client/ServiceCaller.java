package dev.treaty.client;

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
import java.util.function.BiFunction;
import java.util.function.Function;
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

    /**
     * @param compatible the filter for calls without a contract
     * @param fallbacks returns the fallbacks of calls without a typed client
     */
    ServiceCaller(
            ServiceName service,
            Policies policies,
            BalancingSetup balancing,
            ClientRuntime shared,
            CompatibilityFilter compatible,
            Function<Guard, Fallbacks> fallbacks) {
        RuntimeDependencies runtime = shared.runtime();
        this.guard = Guard.named(service.value())
                .runtime(runtime)
                .context(shared.carrier())
                .instanceBreakers(this::breakers)
                .build();
        guard.apply(policies);
        this.nodes = new Nodes(service, guard::tolerance, balancing, shared);
        guard.whenApplied(nodes::applyTolerance);
        this.shared = shared;
        this.mirror = new Mirror(shared.attemptFilters(), runtime);
        this.compatible = compatible;
        this.handler = pipeline(fallbacks.apply(guard), compatible).handler();
        this.withoutFallbacks = pipeline((_, _) -> Fallbacks.NONE, compatible).handler();
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
