package dev.treaty.client;

import dev.treaty.balance.BalancedInstances;
import dev.treaty.balance.Candidates;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Picks a node for each attempt and makes it there. */
public final class BalancingHandler implements Handler {
    /** How often a pick is repeated where another call took the last admission between the pick and the question. */
    private static final int PICKS_MAX = 3;

    /** How long a call waits, within its deadline, for an instance to appear where there is none that stays. */
    public static final Duration PATIENCE = Duration.ofSeconds(1);

    /** How many instances a message lists. */
    private static final int LISTED_MAX = 5;

    private final Nodes nodes;
    private final BalancedInstances fleet;
    private final Mirror mirror;
    private final ServiceDiscovery discovery;
    private final Time time;
    private final CompatibilityFilter compatible;

    BalancingHandler(
            Nodes nodes, Mirror mirror, ServiceDiscovery discovery, Time time, CompatibilityFilter compatible) {
        this.nodes = nodes;
        this.fleet = nodes.fleet();
        this.mirror = mirror;
        this.discovery = discovery;
        this.time = time;
        this.compatible = compatible;
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        long now = time.nanoTime();
        // The first are just starting, or the last leave before those that follow are here.
        if (nodes.deserted() && call.context().record().waiting()) {
            long left = call.context().deadline().remainingNanos(time);
            nodes.awaitSomebody(Math.min(PATIENCE.toNanos(), left));
            now = time.nanoTime();
        }
        Candidates candidates = compatible.among(nodes.list(), fleet.candidates(call, now), call);
        if (candidates.restricted()) {
            call.context().record().choosing(candidates);
        }
        Candidates copied = call.context().record().untried() ? fleet.mirror(call, now) : null;
        if (copied != null) {
            mirror.copy(call, copied);
        }
        for (int picks = 0; picks < PICKS_MAX; picks++) {
            int index = candidates.pick(call, now);
            if (index == LoadBalancer.NONE) {
                break;
            }
            var node = (Node) candidates.member(index);
            long admission = node.tryAcquire(now);
            if (admission != CircuitBreaker.REFUSED || candidates.panic()) {
                return node.attempt(call, admission, now);
            }
        }
        return ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, nobody(call, candidates)));
    }

    private String nobody(Call call, Candidates candidates) {
        int all = nodes.list().size();
        if (all == 0) {
            return "no instance of " + call.service() + " is registered"
                    + discovery
                            .problem(call.service())
                            .map(t -> " as far as is known: " + t)
                            .orElse("");
        }
        List<Exclusion> exclusions = candidates.exclusions();
        String why =
                exclusions.stream().limit(LISTED_MAX).map(Exclusion::toString).collect(Collectors.joining(", "));
        int more = exclusions.size() - LISTED_MAX;
        String told = why.isEmpty() ? "trials are under way" : why + (more > 0 ? " and " + more + " more" : "");
        return "none of the " + all + " instances of " + call.service() + " takes calls: " + told;
    }
}
