package dev.treaty.resilience.execution;

import static dev.treaty.resilience.internal.PolicyChecks.text;

import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What in a set of policies contradicts itself: each is legal alone, but together one of them cannot do what it says.
 * Only what the level puts in force is looked at, but for what it leaves out by mistake.
 */
public final class PolicyWarnings {
    private final FaultTolerance tolerance;
    private final boolean idempotent;
    private final List<String> found = new ArrayList<>();

    private PolicyWarnings(FaultTolerance tolerance, boolean idempotent) {
        this.tolerance = tolerance;
        this.idempotent = idempotent;
    }

    /**
     * Returns the contradictions, one sentence each.
     *
     * @param idempotent whether the work may be idempotent
     */
    public static List<String> in(FaultTolerance tolerance, boolean idempotent) {
        var contradictions = new PolicyWarnings(tolerance, idempotent);
        contradictions.look();
        return List.copyOf(contradictions.found);
    }

    private void look() {
        IsolationLevel level = tolerance.level();
        if (level.includes(IsolationLevel.BASIC)) {
            retries();
        }
        if (level.includes(IsolationLevel.ENHANCED)) {
            breaker();
        } else if (tolerance.fallback().any()) {
            found.add("a fallback is set, but level " + word(level) + " has none: use level enhanced or full");
        }
        if (level.includes(IsolationLevel.FULL)) {
            limits();
            tolerance.hedge().ifPresent(this::hedge);
        } else {
            if (tolerance.rateLimit().isPresent()) {
                found.add("a rate limit is set, but level " + word(level) + " has none: use level full");
            }
            if (tolerance.hedge().isPresent()) {
                found.add("hedging is set, but level " + word(level) + " has none: use level full");
            }
        }
    }

    private void retries() {
        RetryPolicy retry = tolerance.retry();
        Duration attempt = tolerance.attemptTimeout();
        Duration deadline = tolerance.deadline();
        if (retry.attempts() == 1) {
            return;
        }
        if (!idempotent) {
            found.add("retry.attempts is " + retry.attempts() + ", but the work is not said to be idempotent: only what"
                    + " surely did not run is tried again");
        }
        if (!retry.retriesTimeouts()) {
            if (!attempt.equals(FaultTolerance.DEFAULT.attemptTimeout())) {
                found.add("attempt-timeout (" + text(attempt) + ") is set, but retry.on has no deadline_exceeded: no"
                        + " attempt ends before the deadline (" + text(deadline) + ")");
            }
            return;
        }
        if (attempt.compareTo(deadline) >= 0) {
            found.add("attempt-timeout (" + text(attempt) + ") is not shorter than deadline (" + text(deadline)
                    + "): an attempt that hangs leaves no time for another");
            return;
        }
        Duration all = attempt.multipliedBy(retry.attempts());
        for (int i = 1; i < retry.attempts(); i++) {
            all = all.plusNanos(retry.backoffNanos(i));
        }
        if (all.compareTo(deadline) > 0) {
            found.add(retry.attempts() + " attempts of " + text(attempt) + " and the pauses between them need "
                    + text(all) + ", but deadline is " + text(deadline) + ": the last ones are cut short");
        }
    }

    private void breaker() {
        CircuitBreakerPolicy breaker = tolerance.breaker();
        Duration longest = longestAttempt();
        if (breaker.slowRate() < 1 && breaker.slowCall().compareTo(longest) >= 0) {
            found.add("breaker.slow-call (" + text(breaker.slowCall()) + ") is not shorter than the longest attempt ("
                    + text(longest) + "): no call is ever slow and not failed");
        }
        if (breaker.openMax().compareTo(longest) < 0) {
            found.add("breaker.open-max (" + text(breaker.openMax()) + ") is shorter than the longest attempt ("
                    + text(longest) + "): a trial may outlast its lease, and more than breaker.half-open-calls ("
                    + breaker.halfOpenCalls() + ") be under way at a time");
        }
    }

    /** How long an attempt may take that is not the last. */
    private Duration longestAttempt() {
        boolean cut = idempotent && tolerance.retry().retriesTimeouts();
        return cut ? tolerance.attemptTimeout() : tolerance.deadline();
    }

    private void limits() {
        ConcurrencyPolicy concurrency = tolerance.concurrency();
        Duration deadline = tolerance.deadline();
        if (concurrency.waitMax().compareTo(deadline) >= 0) {
            found.add("concurrency.wait-max (" + text(concurrency.waitMax()) + ") is not shorter than deadline ("
                    + text(deadline) + "): a call that waits so long has no time left");
        }
        tolerance.rateLimit().ifPresent(rate -> {
            if (rate.waitMax().compareTo(deadline) >= 0) {
                found.add("rate-limit.wait-max (" + text(rate.waitMax()) + ") is not shorter than deadline ("
                        + text(deadline) + "): a call that waits so long has no time left");
            }
            double perDeadline = (double) rate.permits() / rate.per().toNanos() * deadline.toNanos() + rate.burst();
            if (perDeadline < concurrency.limit()) {
                found.add("rate-limit lets " + (long) perDeadline + " calls begin within one deadline, fewer than"
                        + " concurrency.limit (" + concurrency.limit() + "): the concurrency limit is never reached");
            }
        });
    }

    private void hedge(HedgePolicy hedge) {
        Duration longest = longestAttempt();
        if (!idempotent) {
            found.add("hedging is set, but the work is not said to be idempotent: it is never done twice at a time");
        }
        if (hedge.delayMin().compareTo(longest) >= 0) {
            found.add("hedge.delay-min (" + text(hedge.delayMin()) + ") is not shorter than the longest attempt ("
                    + text(longest) + "): no second attempt ever starts");
        }
        if (hedge.budget() == 0) {
            found.add("hedge.budget is 0: no second attempt ever starts");
        }
    }

    private static String word(IsolationLevel level) {
        return level.name().toLowerCase(Locale.ROOT);
    }
}
