package dev.treaty.resilience.execution;

import dev.treaty.core.call.AsyncCall;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.internal.GuardCounters.Count;
import dev.treaty.resilience.limit.Throttle;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs work behind the policies of a {@link Plan}: throttle, rate limit, concurrency limit, retry, hedge, circuit
 * breaker, and the timeout of each attempt.
 *
 * <p>The parameters of one call are arguments of each step and not fields of an object, so that a call allocates
 * nothing: {@code now} is the last reading of the clock, {@code until} is when the attempt must be over.
 */
public final class Execution {
    /** How long a fallback may take that begins at the deadline. */
    private static final long FALLBACK_NANOS_MIN = 20_000_000;

    /** The outcomes of attempts whose durations do not show how busy the service is. */
    private static final Set<Code> UNMEASURED = EnumSet.of(Code.CANCELED, Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED);

    private static final Work.Code FALLBACK = new Work.Code(null);

    private final GuardDependencies dependencies;
    private final Time time;
    private final GuardCounters counters;
    private final AtomicInteger detached = new AtomicInteger();

    public Execution(GuardDependencies dependencies, GuardCounters counters) {
        this.dependencies = dependencies;
        this.time = dependencies.runtime().time();
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
        boolean failed = true;
        try {
            Object outcome = throttled(plan, kind, work, context, idempotent, now, deadline);
            failed = outcome instanceof Failure;
            return outcome;
        } finally { // also after an error or an interrupt
            counters.add(Count.CALLS);
            if (failed) {
                counters.add(Count.FAILED);
            }
        }
    }

    private <W> @Nullable Object throttled(
            Plan plan, Work<W> kind, W work, @Nullable CallContext context, boolean idempotent, long now, long deadline)
            throws InterruptedException {
        Throttle throttle = plan.throttle;
        if (deadline - now <= 0) {
            return Failure.LATE;
        }
        if (throttle == null) {
            return limited(plan, kind, work, context, idempotent, now, deadline);
        }
        if (!throttle.admits(now, dependencies.runtime().random())) {
            counters.add(Count.THROTTLED);
            return plan.refusals().throttled();
        }
        Object outcome = limited(plan, kind, work, context, idempotent, now, deadline);
        Failure failure = outcome instanceof Failure failed ? failed : null;
        if (failure == null || !failure.refused()) {
            throttle.report(failure == null || !rejected(failure.fault()), now);
        }
        return outcome;
    }

    /** Whether the service rejected a call that it might accept at another time. */
    private static boolean rejected(Fault fault) {
        return fault.code() == Code.RESOURCE_EXHAUSTED && fault.retryable();
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
                if (deadline - start <= 0) {
                    return Failure.LATE;
                }
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
        Object outcome = Failure.NOT_MADE;
        try {
            outcome = deadline - start <= 0
                    ? Failure.LATE
                    : attempts(plan, kind, work, context, idempotent, start, deadline);
            return outcome;
        } finally {
            release(limiter, outcome, start);
        }
    }

    /** Ends an admitted call; an adaptive limit learns nothing from one that was canceled or threw an error. */
    private void release(ConcurrencyLimiter limiter, @Nullable Object outcome, long start) {
        Failure failure = outcome instanceof Failure failed ? failed : null;
        Code code = failure == null ? null : failure.fault().code();
        if (!limiter.adaptive() || (failure != null && (failure.refused() || UNMEASURED.contains(code)))) {
            limiter.release();
        } else {
            limiter.release(dependencies.name(), start, time.nanoTime(), 0, code == Code.DEADLINE_EXCEEDED);
        }
    }

    private Failure overRate(RateLimiter rate, long now) {
        String message = "the rate limit of " + dependencies.name() + " is reached";
        Duration retryAfter = Duration.ofNanos(rate.retryAfterNanos(1, now));
        return new Failure(
                Fault.unreached(Code.RESOURCE_EXHAUSTED, message).retryAfter(retryAfter), null, Failure.Kind.REFUSED);
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
            Fault fault = failure.fault();
            boolean everywhere = fault.code() == Code.RESOURCE_EXHAUSTED
                    && fault.retryAfter().isEmpty()
                    && !kind.mayReachOther(work, fault);
            Retry.Decision decision = retry.after(fault, everywhere, number, idempotent, deadline - time.nanoTime());
            if (!decision.again()) {
                if (!decision.reason().isEmpty()) {
                    kind.retryRefused(work, fault, decision.reason());
                }
                return decision.reason().equals(Retry.BUDGET_USED_UP)
                        ? failure.saying("not retried, because " + Retry.BUDGET_USED_UP)
                        : failure;
            }
            kind.retryScheduled(work, fault, Duration.ofNanos(decision.pauseNanos()));
            pause(decision.pauseNanos(), failure);
            now = time.nanoTime();
            if (deadline - now <= 0) {
                return failure;
            }
            counters.add(Count.RETRIES);
            if (number == first) {
                counters.add(Count.RETRIED_CALLS);
            }
        }
    }

    private void pause(long nanos, Failure after) throws InterruptedException {
        try {
            time.sleep(nanos);
        } catch (InterruptedException e) {
            if (after.cause() instanceof Throwable earlier) {
                e.addSuppressed(earlier);
            }
            throw e;
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
        Hedge.Attempt attempt = each -> {
            long begin = each == number ? now : time.nanoTime();
            return until - begin <= 0 ? Failure.LATE : attempt(plan, kind, work, context, each, begin, until);
        };
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
        boolean settled = false;
        try {
            Object outcome = timed(plan.mode, kind, work, context, number, until);
            Failure failure = outcome instanceof Failure failed ? failed : null;
            if (failure == null || failure.kind() == Failure.Kind.SERVICE) {
                settled = true;
                breaker.ended(admission, failure == null ? null : failure.fault(), now, time.nanoTime());
            }
            return outcome;
        } finally {
            if (!settled) {
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
            case DETACH -> detached(() -> kind.attempt(work, context, number, until), until);
        };
    }

    private <W> @Nullable Object interrupted(
            Work<W> kind, W work, @Nullable CallContext context, int number, long until) {
        Watchdog watchdog = dependencies.watchdog();
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), until, null);
        boolean fired;
        Object outcome;
        try {
            outcome = kind.attempt(work, context, number, until);
        } finally {
            fired = watchdog.disarm(watch); // which clears the interrupt flag if the watchdog has set it
        }
        boolean canceled = outcome instanceof Failure failure && failure.fault().code() == Code.CANCELED;
        if (!fired && (canceled || until - time.nanoTime() > 0)) {
            return outcome; // in time, or interrupted by another thread
        }
        return Failure.late("the attempt took too long and was interrupted", outcome);
    }

    /** Runs work on a thread of its own, and leaves it there when its time is up. */
    private @Nullable Object detached(Supplier<? extends @Nullable Object> work, long until)
            throws InterruptedException {
        if (detached.incrementAndGet() > Guard.DETACHED_MAX) {
            detached.decrementAndGet();
            return Failure.refused(
                    Code.RESOURCE_EXHAUSTED,
                    Guard.DETACHED_MAX + " detached attempts are running already, which is the limit");
        }
        var ended = new Promise<Ended>();
        Consumer<Ended> end = outcome -> {
            if (ended.complete(outcome)) { // a context carrier may fail after the work has ended
                detached.decrementAndGet();
            }
        };
        Thread thread;
        try {
            thread = dependencies
                    .carrier()
                    .thread(
                            "treaty-attempt",
                            () -> end.accept(new Ended(work.get(), null)),
                            thrown -> end.accept(new Ended(null, thrown)));
            thread.start();
        } catch (Throwable e) {
            detached.decrementAndGet();
            throw e;
        }
        Ended outcome = null;
        try {
            outcome = ended.await(time, until - time.nanoTime());
        } finally {
            if (outcome == null) {
                AsyncCall.interrupt(thread);
            }
        }
        if (outcome == null) {
            counters.add(Count.DETACHED);
            return Failure.late("the attempt took too long and was detached", null);
        }
        return outcome.<RuntimeException>get();
    }

    /**
     * Runs a fallback like an attempt, in the rest of the call's time; if there is none, in a moment that is enough for
     * an answer that is at hand.
     *
     * @return its response, or the {@link Failure} of what it threw
     */
    public @Nullable Object fallback(
            Plan plan, Fallback<?> fallback, Fault fault, @Nullable CallContext context, long deadline)
            throws InterruptedException {
        long now = time.nanoTime();
        long until = now + Math.max(deadline - now, FALLBACK_NANOS_MIN);
        int number = context == null ? 1 : context.attempt();
        return timed(plan.mode, FALLBACK, () -> fallback.answer(fault), context, number, until);
    }

    /** The outcome of work on a thread of its own: a result, which may be null, or what it threw besides exceptions. */
    private record Ended(@Nullable Object result, @Nullable Throwable thrown) {
        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // what plain work throws is not declared
        <X extends Throwable> @Nullable Object get() throws X {
            if (thrown != null) {
                throw (X) thrown;
            }
            return result;
        }
    }
}
