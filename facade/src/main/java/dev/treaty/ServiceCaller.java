package dev.treaty;

import dev.treaty.balance.LeastLoaded;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Policies;
import dev.treaty.resilience.RetryBudget;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What this process keeps for one service that it calls: nodes, retry budget, pipeline. All clients share it. */
final class ServiceCaller implements AutoCloseable {
    private final Nodes nodes;
    private final RetryBudget budget;
    private final Policies policies;
    private final Balance balance;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;
    private final Handler handler;

    ServiceCaller(
            ServiceName service,
            Policies policies,
            ServiceDiscovery discovery,
            Transport transport,
            Time time,
            RandomGenerator random,
            Events events) {
        this.policies = policies;
        this.time = time;
        this.random = random;
        this.events = events;
        this.nodes = new Nodes(service, policies.service(), discovery, transport, time, random, events);
        this.budget = new RetryBudget(policies.service().retry(), time);
        this.balance = new Balance(nodes, new LeastLoaded(random), discovery, time);
        this.handler = pipeline(null).handler();
    }

    /** The client's pipeline for this service, with that fallback. */
    Pipeline pipeline(@Nullable Handler fallback) {
        return Pipelines.client(policies, budget, fallback, balance, time, random, events);
    }

    /** The pipeline without a fallback, ready to be called. */
    Handler handler() {
        return handler;
    }

    RetryBudget budget() {
        return budget;
    }

    Nodes nodes() {
        return nodes;
    }

    @Override
    public void close() {
        nodes.close();
    }
}
