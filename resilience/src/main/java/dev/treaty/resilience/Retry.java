package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Repeats an attempt that failed, where that is safe and worth it:
 *
 * <ul>
 *   <li>safe: the fault says that the request did not reach a server, or the operation is idempotent;
 *   <li>worth it: the code is one that another attempt may mend, the deadline leaves time for the pause, and the
 *       {@link RetryBudget} has a retry saved up.
 * </ul>
 *
 * <p>Attempts are counted along the whole chain of calls: a handler that runs in a second attempt begins its own calls
 * with attempt 2, so retries at several hops do not multiply.
 */
public final class Retry implements Filter {
    private final Policies policies;
    private final RetryBudget budget;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;

    /** Retries as the policies have them, out of that budget. */
    public Retry(Policies policies, RetryBudget budget, Time time, RandomGenerator random, Events events) {
        this.policies = policies;
        this.budget = budget;
        this.time = time;
        this.random = random;
        this.events = events;
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        FaultTolerance tolerance = policies.of(call.operation());
        if (!tolerance.level().includes(IsolationLevel.BASIC)) {
            return next.handle(call);
        }
        budget.earn();
        CallContext context = call.context();
        for (int attempt = context.attempt(); ; attempt++) {
            ServiceResponse<?> response = next.handle(call.with(attempt(call, attempt, tolerance)));
            if (!(response instanceof ServiceResponse.Failed<?>(var fault, var _)) || !mayRepeat(call, fault)) {
                return response;
            }
            String refusal = refusal(call, attempt, tolerance.retry(), fault);
            if (refusal != null) {
                events.emit(new Event.RetryRefused(call, fault, refusal));
                return response;
            }
            long pause = pauseNanos(attempt, tolerance.retry(), fault);
            if (pause >= context.deadline().remainingNanos(time)) {
                events.emit(new Event.RetryRefused(call, fault, "the deadline leaves no time for it"));
                return response;
            }
            events.emit(new Event.RetryScheduled(call, fault, Duration.ofNanos(pause)));
            time.sleep(pause);
        }
    }

    /** An attempt that another may follow ends at the attempt's timeout; any other has the whole deadline. */
    private CallContext attempt(Call call, int attempt, FaultTolerance tolerance) {
        CallContext context = call.context().attempt(attempt);
        boolean last =
                attempt >= tolerance.retry().attempts() || !call.operation().idempotent();
        return last ? context : context.within(Deadline.after(tolerance.attemptTimeout(), time));
    }

    private static boolean mayRepeat(Call call, Fault fault) {
        if (fault.reached() && !call.operation().idempotent()) {
            return false;
        }
        return switch (fault.code()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED -> true;
            case UNKNOWN, ABORTED -> call.operation().idempotent();
            default -> false;
        };
    }

    private @Nullable String refusal(Call call, int attempt, RetryPolicy policy, Fault fault) {
        if (attempt >= policy.attempts()) {
            return "that was attempt " + attempt + " of " + policy.attempts();
        }
        if (call.context().deadline().expired(time)) {
            return "the deadline has passed";
        }
        if (fault.code() == Code.DEADLINE_EXCEEDED && !fault.reached()) {
            return "the time ran out before anybody was reached";
        }
        return budget.spend() ? null : "the retry budget is used up";
    }

    private long pauseNanos(int attempt, RetryPolicy policy, Fault fault) {
        long pause = policy.pauseNanos(attempt, random);
        return fault.retryAfter()
                .map(Duration::toNanos)
                .map(asked -> Math.max(asked, pause))
                .orElse(pause);
    }
}
