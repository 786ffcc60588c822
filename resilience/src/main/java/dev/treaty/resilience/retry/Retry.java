package dev.treaty.resilience.retry;

import dev.treaty.core.call.Fault;
import dev.treaty.resilience.RetryPolicy;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Decides whether a failed attempt is retried, and after which pause. It is retried if that is safe and useful:
 *
 * <ul>
 *   <li>safe: the request did not reach a server, or the work is idempotent;
 *   <li>useful: the fault and its code are retryable, the service is not at its limit as a whole, the deadline leaves
 *       time for the pause, and the {@link RetryBudget} contains a retry.
 * </ul>
 *
 * <p>Attempts are counted along the whole chain of calls: a handler that runs in a second attempt starts its own calls
 * with attempt 2, so retries at several hops do not multiply.
 */
public record Retry(RetryPolicy policy, RetryBudget budget, RandomGenerator random) {
    /** Why a retry that would be safe and useful is not made. */
    public static final String BUDGET_USED_UP = "the retry budget is used up";

    /** The pause before the next attempt, or, if it is negative, the reason why there is none. */
    public record Decision(long pauseNanos, String reason) {
        /** The failure is not retryable, which is not worth an event. */
        static final Decision NEVER = new Decision(-1, "");

        static Decision refused(String reason) {
            return new Decision(-1, reason);
        }

        public boolean again() {
            return pauseNanos >= 0;
        }
    }

    /** Returns whether a retry may follow an attempt, as far as is known before it has failed. */
    public boolean mayFollow(int attempt, boolean idempotent) {
        return idempotent && attempt < policy.attempts();
    }

    /**
     * Decides after a failure. A granted retry has been taken from the budget.
     *
     * @param everywhere whether the whole service is at its limit and does not say until when: it would reject a retry
     *     too, which only adds to its load
     * @param attempt the number of the attempt that failed
     * @param remainingNanos the time until the deadline
     */
    public Decision after(Fault fault, boolean everywhere, int attempt, boolean idempotent, long remainingNanos) {
        if (policy.attempts() == 1
                || (fault.reached() && !idempotent)
                || !fault.retryable()
                || !policy.on().contains(fault.code())) {
            return Decision.NEVER;
        }
        if (everywhere) {
            return Decision.refused("the whole service is at its limit");
        }
        if (attempt >= policy.attempts()) {
            return Decision.refused("attempt " + attempt + " of " + policy.attempts() + " failed");
        }
        if (remainingNanos <= 0) {
            return Decision.refused("the deadline has passed");
        }
        long own = policy.pauseNanos(attempt, random);
        long pause = fault.retryAfter()
                .map(TimeUnit.NANOSECONDS::convert) // saturates
                .map(asked -> Math.max(asked, own))
                .orElse(own);
        if (pause >= remainingNanos) {
            return Decision.refused("the deadline leaves no time for it");
        }
        return budget.spend() ? new Decision(pause, "") : Decision.refused(BUDGET_USED_UP);
    }
}
