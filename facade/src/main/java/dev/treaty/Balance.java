package dev.treaty;

import dev.treaty.balance.LoadBalancer;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import java.time.Duration;
import java.util.stream.Collectors;

/** Picks a node for each attempt and makes it there. */
final class Balance implements Handler {
    /** How often a pick is repeated where another call took the last admission between the pick and the question. */
    private static final int PICKS_MAX = 3;

    /** How long a call waits for a first instance to appear, within its deadline. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    /** How many instances a message lists. */
    private static final int LISTED_MAX = 5;

    private final Nodes nodes;
    private final LoadBalancer balancer;
    private final ServiceDiscovery discovery;
    private final Time time;
    private final Compatible compatible;

    Balance(Nodes nodes, LoadBalancer balancer, ServiceDiscovery discovery, Time time, Compatible compatible) {
        this.nodes = nodes;
        this.balancer = balancer;
        this.discovery = discovery;
        this.time = time;
        this.compatible = compatible;
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        Nodes.Snapshot candidates = nodes.snapshot();
        if (candidates.size() == 0) {
            candidates = awaitFirst(call);
        }
        Nodes.Snapshot all = candidates;
        candidates = compatible.among(all, call);
        for (int picks = 0; picks < PICKS_MAX; picks++) {
            int index = balancer.pick(candidates, call);
            if (index == LoadBalancer.NONE) {
                break;
            }
            Node node = candidates.nodes().get(index);
            long admission = node.tryAcquire();
            if (admission != CircuitBreaker.REFUSED) {
                return node.attempt(call, admission);
            }
        }
        return ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, nobody(call, all)));
    }

    /** A service that is just starting should not cost its first callers an error. */
    private Nodes.Snapshot awaitFirst(Call call) throws InterruptedException {
        long end = time.nanoTime()
                + Math.min(PATIENCE.toNanos(), call.context().deadline().remainingNanos(time));
        Nodes.Snapshot candidates = nodes.snapshot();
        for (long left; candidates.size() == 0 && (left = end - time.nanoTime()) > 0; candidates = nodes.snapshot()) {
            nodes.awaitChange(candidates, left);
        }
        return candidates;
    }

    private String nobody(Call call, Nodes.Snapshot candidates) {
        if (candidates.size() == 0) {
            return "no instance of " + call.service() + " is registered"
                    + discovery.trouble().map(t -> " as far as is known: " + t).orElse("");
        }
        String why = candidates.nodes().stream()
                .limit(LISTED_MAX)
                .map(n -> n.instance().id() + " (" + exclusion(n, call) + ")")
                .collect(Collectors.joining(", "));
        int more = candidates.size() - LISTED_MAX;
        return "none of the " + candidates.size() + " instances of " + call.service() + " takes calls: " + why
                + (more > 0 ? " and " + more + " more" : "");
    }

    private String exclusion(Node node, Call call) {
        String objection = compatible.objection(node, call);
        return !objection.isEmpty() ? objection : node.exclusion().isEmpty() ? "trial under way" : node.exclusion();
    }
}
