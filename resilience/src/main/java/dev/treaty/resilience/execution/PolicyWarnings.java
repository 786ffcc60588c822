package dev.treaty.resilience.execution;

import static dev.treaty.resilience.internal.PolicyChecks.text;

import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds contradictions in a set of policies: each policy is valid alone, but together one of them has no effect. Only
 * policies that the level includes are checked, and policies that are set although the level excludes them.
 */
public record PolicyWarnings(FaultTolerance tolerance, boolean idempotent, List<String> found) {
    /**
     * Returns the contradictions, one sentence each.
     *
     * @param idempotent whether the work may be idempotent
     */
    public static List<String> in(FaultTolerance tolerance, boolean idempotent) {
        var warnings = new PolicyWarnings(tolerance, idempotent, new ArrayList<>());
        warnings.check();
        return List.copyOf(warnings.found);
    }

    private void check() {
        IsolationLevel level = tolerance.level();
        if (level.includes(IsolationLevel.BASIC)) {
            retries();
        }
        if (level.includes(IsolationLevel.ENHANCED)) {
            breaker();
        } else {
            if (tolerance.fallback().any()) {
                excluded("a fallback", "use level enhanced or full");
            }
            if (tolerance.breaker().forced() != CircuitBreakerPolicy.Forced.NONE) {
                excluded("breaker.forced", "use level enhanced or full");
            }
        }
        if (level.includes(IsolationLevel.FULL)) {
            Duration wait = tolerance.concurrency().waitMax();
            shorterThanDeadline("concurrency.wait-max", wait, "a call that waits so long has no time left");
            tolerance.rateLimit().ifPresent(this::rateLimit);
            tolerance.hedge().ifPresent(this::hedge);
        } else {
            tolerance.rateLimit().ifPresent(_ -> excluded("a rate limit", "use level full"));
            tolerance.hedge().ifPresent(_ -> excluded("hedging", "use level full"));
        }
    }

    private void excluded(String policy, String remedy) {
        found.add(policy + " is set, but level " + text(tolerance.level()) + " has none: " + remedy);
    }

    private boolean shorterThanDeadline(String name, Duration value, String otherwise) {
        return shorter(name, value, "deadline", tolerance.deadline(), otherwise);
    }

    private boolean shorterThanAttempt(String name, Duration value, String otherwise) {
        return shorter(name, value, "the longest attempt", longestAttempt(), otherwise);
    }

    /** Returns whether a time is shorter than another, and warns unless it is. */
    private boolean shorter(String name, Duration value, String other, Duration max, String otherwise) {
        boolean shorter = value.compareTo(max) < 0;
        if (!shorter) {
            found.add(name + " (" + text(value) + ") is not shorter than " + other + " (" + text(max) + "): "
                    + otherwise);
        }
        return shorter;
    }

    private void retries() {
        RetryPolicy retry = tolerance.retry();
        Duration attempt = tolerance.attemptTimeout();
        Duration deadline = tolerance.deadline();
        if (retry.attempts() == 1) {
            return;
        }
        if (!idempotent) {
            found.add("retry.attempts is " + retry.attempts() + ", but the work is not declared idempotent: only calls"
                    + " that certainly did not run are retried");
        }
        if (!retry.retriesTimeouts()) {
            if (!attempt.equals(FaultTolerance.DEFAULT.attemptTimeout())) {
                found.add("attempt-timeout (" + text(attempt) + ") is set, but retry.on has no deadline_exceeded: no"
                        + " attempt ends before the deadline (" + text(deadline) + ")");
            }
            return;
        }
        if (!shorterThanDeadline("attempt-timeout", attempt, "an attempt that hangs leaves no time for a retry")) {
            return;
        }
        Duration all = attempt.multipliedBy(retry.attempts());
        for (int i = 1; i < retry.attempts(); i++) {
            all = all.plusNanos(retry.backoffNanos(i));
        }
        if (all.compareTo(deadline) > 0) {
            found.add(retry.attempts() + " attempts of " + text(attempt) + " and the pauses between them need "
                    + text(all) + ", but deadline is " + text(deadline) + ": the last attempts are cut short");
        }
    }

    private void breaker() {
        CircuitBreakerPolicy breaker = tolerance.breaker();
        Duration longest = longestAttempt();
        if (breaker.slowRate() < 1) {
            shorterThanAttempt("breaker.slow-call", breaker.slowCall(), "no call is slow without failing");
        }
        if (breaker.openMax().compareTo(longest) < 0) {
            found.add("breaker.open-max (" + text(breaker.openMax()) + ") is shorter than the longest attempt ("
                    + text(longest) + "): a trial may outlast its lease, and more than breaker.half-open-calls ("
                    + breaker.halfOpenCalls() + ") may run at a time");
        }
    }

    /** Returns the longest time of an attempt that is not the last. */
    private Duration longestAttempt() {
        boolean cut = idempotent && tolerance.retry().retriesTimeouts();
        return cut ? tolerance.attemptTimeout() : tolerance.deadline();
    }

    private void rateLimit(RateLimitPolicy rate) {
        Duration deadline = tolerance.deadline();
        int limit = tolerance.concurrency().limit();
        shorterThanDeadline("rate-limit.wait-max", rate.waitMax(), "a call that waits so long has no time left");
        double perDeadline = (double) rate.permits() / rate.per().toNanos() * deadline.toNanos() + rate.burst();
        if (perDeadline < limit) {
            found.add("rate-limit admits " + (long) perDeadline + " calls within a deadline, fewer than"
                    + " concurrency.limit (" + limit + "): the concurrency limit is never reached");
        }
    }

    private void hedge(HedgePolicy hedge) {
        if (!idempotent) {
            found.add("hedging is set, but the work is not declared idempotent: it is never hedged");
        }
        shorterThanAttempt("hedge.delay-min", hedge.delayMin(), "no second attempt ever starts");
        if (hedge.budget() == 0) {
            found.add("hedge.budget is 0: no second attempt ever starts");
        }
    }
}
