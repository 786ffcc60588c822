package dev.treaty;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.Place;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Policies;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What this process keeps for one service that it calls: nodes, guard, pipeline. All clients share it. */
final class ServiceCaller implements AutoCloseable {
    private final Nodes nodes;
    private final Guard guard;
    private final ServiceDiscovery discovery;
    private final FaultInjection faults;
    private final Mirror mirror;
    private final Compatible any;
    private final Time time;
    private final Events events;
    private final Handler handler;
    private final Handler bare;

    /**
     * @param any lets calls go to any node
     * @param fallbacks what answers calls that no client of its own makes, for the guard of the service
     */
    ServiceCaller(
            ServiceName service,
            Policies policies,
            Balancing balancing,
            FaultInjection faults,
            ServiceDiscovery discovery,
            Compatible any,
            Function<Guard, Fallbacks> fallbacks,
            Transport transport,
            Time time,
            RandomGenerator random,
            Events events) {
        this.time = time;
        this.events = events;
        this.guard = Guard.named(service.value())
                .time(time)
                .random(random)
                .events(events)
                .breakersElsewhere()
                .build();
        guard.apply(policies);
        this.nodes = new Nodes(service, guard::tolerance, balancing, discovery, transport, time, random, events);
        guard.whenApplied(nodes::reguard);
        this.faults = faults;
        this.mirror = new Mirror(time);
        this.discovery = discovery;
        this.any = any;
        this.handler = pipeline(fallbacks.apply(guard), any).handler();
        this.bare = pipeline(_ -> Fallbacks.NONE, any).handler();
    }

    /** The client's pipeline for this service, with those fallbacks, to those of its nodes. */
    Pipeline pipeline(Function<? super Call, ? extends Fallback<Object>> fallbacks, Compatible compatible) {
        // Inside the retries, so that a call meets an injected fault as it would meet a real one.
        Handler balance = faults.around(new Balance(nodes, mirror, discovery, time, compatible));
        return Pipelines.client(guard, fallbacks, balance, time, events);
    }

    /** The steps of a call, outermost first. */
    String describe() {
        return pipeline(_ -> Fallbacks.NONE, any).describe();
    }

    /** The pipeline to any node, ready to be called. */
    Handler handler() {
        return handler;
    }

    /** The same without fallbacks. */
    Handler bare() {
        return bare;
    }

    /** Balances otherwise from the next call on. */
    void rebalance(BalancePolicy changed, RoutingPolicy routing) {
        nodes.reconfigure(changed, routing);
    }

    /** Picks with that from the next call on, or as configured where it is null. */
    void balancer(@Nullable LoadBalancer own) {
        nodes.fleet().balancer(own);
    }

    /** This process stands there from now on. */
    void place(Place changed) {
        nodes.fleet().place(changed);
    }

    /** Closes all breakers and counts anew. */
    void reset() {
        guard.reset();
        nodes.list().forEach(node -> node.breaker().reset());
    }

    Guard guard() {
        return guard;
    }

    Nodes nodes() {
        return nodes;
    }

    @Override
    public void close() {
        nodes.close();
    }
}
