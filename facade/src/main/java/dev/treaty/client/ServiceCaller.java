package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Policies;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What this process keeps for one service that it calls: nodes, guard, pipeline. All clients share it. */
public final class ServiceCaller implements AutoCloseable {
    private final Nodes nodes;
    private final Guard guard;
    private final ServiceDiscovery discovery;
    private final FaultInjection faults;
    private final Mirror mirror;
    private final CompatibilityFilter any;
    private final Time time;
    private final Events events;
    private final Handler handler;
    private final Handler bare;

    /**
     * @param any lets calls go to any node
     * @param fallbacks what answers calls that no client of its own makes, for the guard of the service
     */
    public ServiceCaller(
            ServiceName service,
            Policies policies,
            BalancingSetup balancing,
            FaultInjection faults,
            ServiceDiscovery discovery,
            CompatibilityFilter any,
            Function<Guard, Fallbacks> fallbacks,
            Transport transport,
            Time time,
            RandomGenerator random,
            Events events) {
        this.time = time;
        this.events = events;
        this.guard = Guard.named(service.value())
                .runtime(new RuntimeDependencies(time, random, events))
                .withoutBreaker()
                .build();
        guard.apply(policies);
        this.nodes = new Nodes(service, guard::tolerance, balancing, discovery, transport, time, random, events);
        guard.whenApplied(nodes::reguard);
        this.faults = faults;
        this.mirror = new Mirror(time);
        this.discovery = discovery;
        this.any = any;
        this.handler = pipeline(fallbacks.apply(guard), any).handler();
        this.bare = pipeline((_, _) -> Fallbacks.NONE, any).handler();
    }

    /** The client's pipeline for this service, with those fallbacks, to those of its nodes. */
    public Pipeline pipeline(
            BiFunction<? super Call, ? super FallbackPolicy, ? extends Fallback<Object>> fallbacks,
            CompatibilityFilter compatible) {
        // Inside the retries, so that a call meets an injected fault as it would meet a real one.
        Handler balance = faults.around(new BalancingHandler(nodes, mirror, discovery, time, compatible));
        return Pipelines.client(guard, fallbacks, balance, time, events);
    }

    /** The steps of a call, outermost first. */
    public String describe() {
        return pipeline((_, _) -> Fallbacks.NONE, any).describe();
    }

    /** The pipeline to any node, ready to be called. */
    public Handler handler() {
        return handler;
    }

    /** The same without fallbacks. */
    public Handler bare() {
        return bare;
    }

    /** Balances otherwise from the next call on. */
    public void rebalance(BalancePolicy changed, RoutingPolicy routing) {
        nodes.reconfigure(changed, routing);
    }

    /** Picks with that from the next call on, or as configured where it is null. */
    public void balancer(@Nullable LoadBalancer own) {
        nodes.fleet().balancer(own);
    }

    /** This process stands there from now on. */
    public void place(Locality changed) {
        nodes.fleet().place(changed);
    }

    /** Closes all breakers and counts anew. */
    public void reset() {
        guard.reset();
        nodes.list().forEach(node -> node.breaker().reset());
    }

    public Guard guard() {
        return guard;
    }

    public Nodes nodes() {
        return nodes;
    }

    @Override
    public void close() {
        nodes.close();
    }
}
