package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.internal.GuardCounters.Count;
import dev.treaty.resilience.limit.Throttle;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import dev.treaty.resilience.timeout.Watchdog;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs work behind the policies of a {@link Plan}: throttle, rate limit, concurrency limit, retry, hedge, circuit
 * breaker, and the timeout of each attempt.
 *
 * <p>The parameters of one call are arguments of each step and not fields of an object, so that a call allocates
 * nothing: {@code now} is the last reading of the clock, {@code until} is when the attempt must be over.
 */
public final class Execution {
    private final String name;
    private final Time time;
    private final RandomGenerator random;
    private final Watchdog watchdog;
    private final GuardCounters counters;
    private final AtomicInteger detached = new AtomicInteger();

    public Execution(GuardDependencies dependencies, GuardCounters counters) {
        this.name = dependencies.name();
        this.time = dependencies.runtime().time();
        this.random = dependencies.runtime().random();
        this.watchdog = dependencies.watchdog();
        this.counters = counters;
    }

    /**
     * Runs the work and counts the call.
     *
     * @param idempotent whether the work may be repeated and hedged
     * @param now a reading of the clock
     * @param deadline when the call must be over
     * @return the result, or a {@link Failure}
     */
    public <W> @Nullable Object run(
            Plan plan, Work<W> kind, W work, @Nullable CallContext context, boolean idempotent, long now, long deadline)
            throws InterruptedException {
        Throttle throttle = plan.throttle;
        Object outcome;
        if (deadline - now <= 0) {
            outcome = Failure.LATE;
        } else if (throttle != null && !throttle.admits(now, random)) {
            counters.add(Count.THROTTLED);
            outcome = plan.refusals().throttled();
        } else {
            outcome = limited(plan, kind, work, context, idempotent, now, deadline);
            if (throttle != null) {
                report(throttle, outcome, now);
            }
        }
        counters.add(Count.CALLS);
        if (outcome instanceof Failure) {
            counters.add(Count.FAILED);
        }
        return outcome;
    }

    private static void report(Throttle throttle, @Nullable Object outcome, long now) {
        if (!(outcome instanceof Failure failure)) {
            throttle.report(true, now);
        } else if (!failure.refused()) {
            throttle.report(failure.fault().code() != Code.RESOURCE_EXHAUSTED, now);
        }
    }

    private <W> @Nullable Object limited(
            Plan plan, Work<W> kind, W work, @Nullable CallContext context, boolean idempotent, long now, long deadline)
            throws InterruptedException {
        long start = now;
        RateLimiter rate = plan.rateLimiter;
        if (rate != null) {
            long wait = rate.reserve(1, start, Math.min(plan.rateWaitNanos, deadline - start));
            if (wait == RateLimiter.REFUSED) {
                counters.add(Count.RATE_LIMITED);
                return overRate(rate, start);
            }
            if (wait > 0) {
                time.sleep(wait);
                start = time.nanoTime();
            }
        }
        ConcurrencyLimiter limiter = plan.concurrency;
        if (limiter == null) {
            return attempts(plan, kind, work, context, idempotent, start, deadline);
        }
        Priority priority = context == null ? Priority.NORMAL : context.priority();
        if (!limiter.tryAcquire(priority)) {
            if (!limiter.acquire(priority, start, deadline - start)) {
                counters.add(Count.CONCURRENCY_LIMITED);
                return plan.refusals().saturated();
            }
            start = time.nanoTime();
        }
        Code code = Code.UNAVAILABLE;
        try {
            Object outcome = attempts(plan, kind, work, context, idempotent, start, deadline);
            code = outcome instanceof Failure failure ? failure.fault().code() : null;
            return outcome;
        } finally {
            if (!limiter.adaptive() || code == Code.UNAVAILABLE || code == Code.RESOURCE_EXHAUSTED) {
                limiter.release(); // the duration of a call that did not run says nothing
            } else {
                limiter.release(name, start, time.nanoTime(), code == Code.DEADLINE_EXCEEDED);
            }
        }
    }

    private Failure overRate(RateLimiter rate, long now) {
        String message = "the rate limit of " + name + " is reached";
        Duration retryAfter = Duration.ofNanos(rate.retryAfterNanos(1, now));
        return new Failure(Fault.unreached(Code.RESOURCE_EXHAUSTED, message).retryAfter(retryAfter), null, true);
    }

    /** Makes attempts until one succeeds or {@link Retry} allows no other. */
    private <W> @Nullable Object attempts(
            Plan plan,
            Work<W> kind,
            W work,
            @Nullable CallContext context,
            boolean idempotent,
            long start,
            long deadline)
            throws InterruptedException {
        Retry retry = plan.retry;
        int first = context == null ? 1 : context.attempt();
        long now = start;
        for (int number = first; ; number++) {
            long until = retry != null && retry.mayFollow(number, idempotent)
                    ? Math.min(deadline - now, plan.attemptNanos) + now
                    : deadline;
            Object outcome = plan.hedge != null && idempotent
                    ? hedged(plan.hedge, plan, kind, work, context, number, now, until)
                    : attempt(plan, kind, work, context, number, now, until);
            if (retry == null || !(outcome instanceof Failure failure) || failure.refused()) {
                return outcome;
            }
            Retry.Decision decision = retry.after(failure.fault(), number, idempotent, deadline - time.nanoTime());
            if (!decision.again()) {
                if (!decision.reason().isEmpty()) {
                    kind.retryRefused(work, failure.fault(), decision.reason());
                }
                return failure;
            }
            kind.retryScheduled(work, failure.fault(), Duration.ofNanos(decision.pauseNanos()));
            counters.add(Count.RETRIES);
            if (number == first) {
                counters.add(Count.RETRIED_CALLS);
            }
            time.sleep(decision.pauseNanos());
            now = time.nanoTime();
        }
    }

    private <W> @Nullable Object hedged(
            Hedge hedge,
            Plan plan,
            Work<W> kind,
            W work,
            @Nullable CallContext context,
            int number,
            long now,
            long until)
            throws InterruptedException {
        Hedge.Attempt attempt =
                each -> attempt(plan, kind, work, context, each, each == number ? now : time.nanoTime(), until);
        return hedge.race(attempt, number, now, until, counters);
    }

    /** Makes one attempt, behind the guard's own breaker if it has one. */
    private <W> @Nullable Object attempt(
            Plan plan, Work<W> kind, W work, @Nullable CallContext context, int number, long now, long until)
            throws InterruptedException {
        CircuitBreaker breaker = plan.breaker;
        if (breaker == null) {
            return timed(plan.mode, kind, work, context, number, until);
        }
        long admission = breaker.tryAcquire(now);
        if (admission == CircuitBreaker.REFUSED) {
            counters.add(Count.BREAKER_OPEN);
            return plan.refusals().open();
        }
        boolean ended = false;
        try {
            Object outcome = timed(plan.mode, kind, work, context, number, until);
            ended = true;
            breaker.ended(admission, outcome instanceof Failure failure ? failure.fault() : null, now, time.nanoTime());
            return outcome;
        } finally {
            if (!ended) {
                breaker.ignored(admission);
            }
        }
    }

    private <W> @Nullable Object timed(
            TimeoutMode mode, Work<W> kind, W work, @Nullable CallContext context, int number, long until)
            throws InterruptedException {
        return switch (mode) {
            case COOPERATIVE -> kind.attempt(work, context, number, until);
            case INTERRUPT -> interrupted(kind, work, context, number, until);
            case DETACH -> detached(kind, work, context, number, until);
        };
    }

    private <W> @Nullable Object interrupted(
            Work<W> kind, W work, @Nullable CallContext context, int number, long until) {
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), until, null);
        boolean fired = false;
        Object outcome;
        try {
            outcome = kind.attempt(work, context, number, until);
        } finally {
            fired = watch.disarm();
        }
        boolean taken = outcome instanceof Failure failure && failure.cause() instanceof InterruptedException;
        if (!fired && (taken || until - time.nanoTime() > 0)) {
            return outcome; // in time, or interrupted by another thread
        }
        if (fired && !taken) {
            Thread.interrupted(); // clears the watchdog's interrupt, which the work did not consume
        }
        return Failure.of(Fault.of(Code.DEADLINE_EXCEEDED, "the attempt took too long and was interrupted"), null);
    }

    private <W> @Nullable Object detached(Work<W> kind, W work, @Nullable CallContext context, int number, long until)
            throws InterruptedException {
        if (detached.incrementAndGet() > Guard.DETACHED_MAX) {
            detached.decrementAndGet();
            return Failure.refused(
                    Code.RESOURCE_EXHAUSTED,
                    Guard.DETACHED_MAX + " attempts that took too long are still running, which is the limit");
        }
        var ended = new Promise<Ended>();
        Thread thread = Thread.ofVirtual().name("treaty-attempt").start(() -> {
            Object outcome = Failure.NOT_MADE;
            try {
                outcome = kind.attempt(work, context, number, until);
            } finally {
                detached.decrementAndGet();
                ended.complete(new Ended(outcome));
            }
        });
        Ended end = null;
        try {
            end = ended.await(time, until - time.nanoTime());
        } finally {
            if (end == null) {
                thread.interrupt();
            }
        }
        if (end != null) {
            return end.outcome;
        }
        counters.add(Count.DETACHED);
        return Failure.of(Fault.of(Code.DEADLINE_EXCEEDED, "the attempt took too long and was detached"), null);
    }

    /** The outcome of an attempt on a thread of its own; its result may be null. */
    private record Ended(@Nullable Object outcome) {}
}
