package dev.treaty.client;

import dev.treaty.balance.Candidates;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.Selection;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Selects a node for each attempt and sends the attempt to it. If a node refuses the connection, the attempt goes to
 * another one: nothing has been sent, so this is no retry and takes nothing from the retry budget.
 */
public record BalancingHandler(Nodes nodes, Mirror mirror, ClientRuntime shared, CompatibilityFilter compatible)
        implements Handler {
    /**
     * The number of picks for an attempt, if nodes refuse the connection or another call takes the last admission of a
     * breaker between the pick and the request.
     */
    private static final int PICKS_MAX = 8;

    /** How long a call waits, within its deadline, for an instance if there is none, or all are draining. */
    public static final Duration INSTANCE_WAIT = Duration.ofSeconds(1);

    /** The maximum number of instances that a message lists. */
    private static final int LISTED_MAX = 5;

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        DecisionRecord record = call.context().record();
        CallSettings settings = CallSettings.of(record);
        boolean guarded = CallSettings.guarded(record);
        @Nullable ServiceResponse<?> injected = shared.faults().inject(settings.faults(), call);
        if (injected != null) {
            return injected;
        }
        Time time = shared.runtime().time();
        if (nodes.deserted()) {
            // The first instances are just starting, or the last leave before their successors are registered.
            if (record.waiting()) {
                long left = call.context().deadline().remainingNanos(time);
                nodes.awaitInstance(Math.min(INSTANCE_WAIT.toNanos(), left));
            }
            if (nodes.closed()) {
                return ServiceResponse.failed(Fault.unreached(Code.CANCELED, "this Treaty is closed"));
            }
        }
        long now = time.nanoTime();
        Selection<Node> selection = nodes.balanced().select(call, now, settings.balance());
        Candidates<Node> candidates = compatible.filter(nodes, selection.candidates(), settings.requires(), call);
        if (candidates.restricted()) {
            record.selecting(candidates);
        }
        if (selection.mirror() != null && record.untried()) {
            mirror.copy(call, selection);
        }
        ServiceResponse<?> refusal = null;
        for (int picks = 0; picks < PICKS_MAX; picks++) {
            int index = candidates.pick(call, now);
            if (index == LoadBalancer.NONE) {
                break;
            }
            Node node = candidates.member(index);
            if (refusal != null && record.triedAt(node.instance().id())) {
                break; // no other node is left: whether to try one again is a question of the retry policy
            }
            long admission = node.tryAcquire(guarded, now);
            if (admission == CircuitBreaker.REFUSED && !candidates.panic(index)) {
                continue;
            }
            ServiceResponse<?> response = shared.attemptFilters().isEmpty()
                    ? node.attempt(call, admission, now)
                    : node.attempt(shared.attemptFilters(), call, admission, now);
            now = time.nanoTime();
            Fault fault = Node.fault(response);
            if (fault != null && fault.code() == Code.RESOURCE_EXHAUSTED && allTried(candidates, record)) {
                record.refusingAll();
            }
            if (!Node.refused(fault) || call.context().deadline().remainingNanos(time) <= 0) {
                return response;
            }
            refusal = response;
        }
        return refusal != null
                ? refusal
                : ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, noInstance(call, candidates)));
    }

    private static boolean allTried(Candidates<Node> candidates, DecisionRecord record) {
        for (int i = 0; i < candidates.size(); i++) {
            if (!record.triedAt(candidates.member(i).instance().id())) {
                return false;
            }
        }
        return true;
    }

    private String noInstance(Call call, Candidates<Node> candidates) {
        int all = nodes.list().size();
        if (all == 0) {
            return "no instance of " + call.service() + " is registered"
                    + shared.discovery()
                            .problem(call.service())
                            .map(problem -> " as far as is known: " + problem)
                            .orElse("");
        }
        List<Exclusion> exclusions = candidates.exclusions();
        String listed =
                exclusions.stream().limit(LISTED_MAX).map(Exclusion::toString).collect(Collectors.joining(", "));
        int more = exclusions.size() - LISTED_MAX;
        String why = listed.isEmpty() ? "probes are in flight" : listed + (more > 0 ? " and " + more + " more" : "");
        return "none of the " + all + " instances of " + call.service() + " takes calls: " + why;
    }
}
