package dev.treaty.resilience.retry;

import dev.treaty.core.call.Fault;
import dev.treaty.resilience.RetryBudget;
import dev.treaty.resilience.RetryPolicy;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Decides whether a failed attempt is followed by another, and after which pause. It is where that is safe and worth
 * it:
 *
 * <ul>
 *   <li>safe: the fault says that the request did not reach a server, or the work is idempotent;
 *   <li>worth it: the code is one that another attempt may mend, the deadline leaves time for the pause, and the
 *       {@link RetryBudget} has a retry saved up.
 * </ul>
 *
 * <p>Attempts are counted along the whole chain of calls: a handler that runs in a second attempt begins its own calls
 * with attempt 2, so retries at several hops do not multiply.
 */
public final class Retry {
    /** What was decided: the pause before the next attempt, or, where it is negative, why there is none. */
    public record Decision(long pauseNanos, String reason) {
        /** The failure is not of the kind that is repeated; there is nothing to tell about it. */
        static final Decision NEVER = new Decision(-1, "");

        static Decision refused(String reason) {
            return new Decision(-1, reason);
        }

        public boolean again() {
            return pauseNanos >= 0;
        }
    }

    private final RetryPolicy policy;
    private final RetryBudget budget;
    private final RandomGenerator random;

    public Retry(RetryPolicy policy, RetryBudget budget, RandomGenerator random) {
        this.policy = policy;
        this.budget = budget;
        this.random = random;
    }

    public RetryBudget budget() {
        return budget;
    }

    /** Whether an attempt of that number may be followed by another, as far as can be said before it has failed. */
    public boolean mayFollow(int attempt, boolean idempotent) {
        return idempotent && attempt < policy.attempts();
    }

    /**
     * Decides after a failure; a retry that it grants has been paid for.
     *
     * @param attempt the number of the attempt that failed
     * @param remainingNanos what is left of the deadline
     */
    public Decision after(Fault fault, int attempt, boolean idempotent, long remainingNanos) {
        if (policy.attempts() == 1
                || (fault.reached() && !idempotent)
                || !policy.on().contains(fault.code())) {
            return Decision.NEVER;
        }
        if (attempt >= policy.attempts()) {
            return Decision.refused("that was attempt " + attempt + " of " + policy.attempts());
        }
        if (remainingNanos <= 0) {
            return Decision.refused("the deadline has passed");
        }
        long own = policy.pauseNanos(attempt, random);
        long pause = fault.retryAfter()
                .map(TimeUnit.NANOSECONDS::convert) // which ends at the largest number
                .map(asked -> Math.max(asked, own))
                .orElse(own);
        if (pause >= remainingNanos) {
            return Decision.refused("the deadline leaves no time for it");
        }
        return budget.spend() ? new Decision(pause, "") : Decision.refused("the retry budget is used up");
    }
}
