package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import dev.treaty.resilience.timeout.Watchdog;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The inner half of a guard: retry, hedge, breaker, and the timeout of each attempt around the work. */
public final class Attempts {
    private static final AtomicIntegerFieldUpdater<Attempts> DETACHED =
            AtomicIntegerFieldUpdater.newUpdater(Attempts.class, "detached");

    private final Function<? super Exception, Fault> faults;
    private final Time time;
    private final Watchdog watchdog;
    private final GuardCounters tally;
    private volatile int detached; // by DETACHED

    public Attempts(Function<? super Exception, Fault> faults, Time time, Watchdog watchdog, GuardCounters tally) {
        this.faults = faults;
        this.time = time;
        this.watchdog = watchdog;
        this.tally = tally;
    }

    /**
     * Tries until it works or is not worth trying any longer.
     *
     * @param now what the clock says
     * @param deadline when it must be over
     * @return the answer, or a {@link Failure}
     */
    public <W> @Nullable Object run(
            Plan plan,
            Work<W> trial,
            W work,
            @Nullable CallContext context,
            boolean idempotent,
            long now,
            long deadline)
            throws InterruptedException {
        Retry retry = plan.retry;
        int attempt = context == null ? 1 : context.attempt();
        long until = retry != null && retry.mayFollow(attempt, idempotent)
                ? Math.min(deadline - now, plan.attemptNanos) + now
                : deadline;
        Object outcome = plan.hedge != null && idempotent
                ? hedged(plan.hedge, plan, trial, work, context, attempt, now, until)
                : attempt(plan, trial, work, context, attempt, now, until);
        if (retry == null || !(outcome instanceof Failure failure) || failure.refused()) {
            return outcome;
        }
        return retryLoop(plan, retry, trial, work, context, idempotent, deadline, failure);
    }

    /** What follows a failed first attempt. */
    private <W> @Nullable Object retryLoop(
            Plan plan,
            Retry retry,
            Work<W> trial,
            W work,
            @Nullable CallContext context,
            boolean idempotent,
            long deadline,
            Failure first)
            throws InterruptedException {
        Failure failure = first;
        int began = context == null ? 1 : context.attempt();
        for (int attempt = began; ; attempt++) {
            Retry.Decision decision = retry.after(failure.fault(), attempt, idempotent, deadline - time.nanoTime());
            if (!decision.again()) {
                if (!decision.reason().isEmpty()) {
                    trial.retryRefused(work, failure.fault(), decision.reason());
                }
                return failure;
            }
            trial.retrying(work, failure.fault(), Duration.ofNanos(decision.pauseNanos()));
            tally.add(GuardCounters.Count.RETRIES);
            if (attempt == began) {
                tally.add(GuardCounters.Count.RETRIED_CALLS);
            }
            time.sleep(decision.pauseNanos());
            long now = time.nanoTime();
            long until = retry.mayFollow(attempt + 1, idempotent)
                    ? Math.min(deadline - now, plan.attemptNanos) + now
                    : deadline;
            Object outcome = plan.hedge != null && idempotent
                    ? hedged(plan.hedge, plan, trial, work, context, attempt + 1, now, until)
                    : attempt(plan, trial, work, context, attempt + 1, now, until);
            if (!(outcome instanceof Failure again) || again.refused()) {
                return outcome;
            }
            failure = again;
        }
    }

    private <W> @Nullable Object hedged(
            Hedge hedge,
            Plan plan,
            Work<W> trial,
            W work,
            @Nullable CallContext context,
            int number,
            long now,
            long until)
            throws InterruptedException {
        Hedge.Attempt attempt =
                each -> attempt(plan, trial, work, context, each, each == number ? now : time.nanoTime(), until);
        return hedge.race(attempt, number, now, until, tally);
    }

    /** One attempt, behind the guard's own breaker where it has one. */
    private <W> @Nullable Object attempt(
            Plan plan, Work<W> trial, W work, @Nullable CallContext context, int number, long now, long until)
            throws InterruptedException {
        CircuitBreaker breaker = plan.breaker;
        if (breaker == null) {
            return timed(plan.mode, trial, work, context, number, until);
        }
        long admission = breaker.tryAcquire(now);
        if (admission == CircuitBreaker.REFUSED) {
            tally.add(GuardCounters.Count.BREAKER_OPEN);
            return plan.open();
        }
        boolean reported = false;
        try {
            Object outcome = timed(plan.mode, trial, work, context, number, until);
            reported = report(breaker, admission, now, outcome);
            return outcome;
        } finally {
            if (!reported) {
                breaker.ignored(admission);
            }
        }
    }

    private boolean report(CircuitBreaker breaker, long admission, long began, @Nullable Object outcome) {
        if (!(outcome instanceof Failure failure)) {
            long now = time.nanoTime();
            breaker.succeeded(admission, now, now - began);
            return true;
        }
        if (failure.canceled()) {
            return false;
        }
        long now = time.nanoTime();
        if (failure.fault().code().blamesService()) {
            breaker.failed(admission, now, now - began);
        } else {
            breaker.succeeded(admission, now, now - began);
        }
        return true;
    }

    private <W> @Nullable Object timed(
            TimeoutMode mode, Work<W> trial, W work, @Nullable CallContext context, int number, long until)
            throws InterruptedException {
        return switch (mode) {
            case COOPERATIVE -> judged(trial, work, context, number, until);
            case INTERRUPT -> interrupted(trial, work, context, number, until);
            case DETACH -> detached(trial, work, context, number, until);
        };
    }

    private <W> @Nullable Object judged(Work<W> trial, W work, @Nullable CallContext context, int number, long until) {
        try {
            Object answer = trial.attempt(work, context, number, until);
            Fault fault = trial.fault(answer);
            return fault == null ? answer : Failure.of(fault, answer);
        } catch (InterruptedException e) {
            return Failure.of(ExceptionMapping.of(e), e);
        } catch (Exception e) {
            return Failure.of(faults.apply(e), e);
        }
    }

    private <W> @Nullable Object interrupted(
            Work<W> trial, W work, @Nullable CallContext context, int number, long until) {
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), until, null);
        boolean rang = false;
        Object outcome;
        try {
            outcome = judged(trial, work, context, number, until);
        } finally {
            rang = watchdog.disarm(watch);
        }
        boolean taken = outcome instanceof Failure failure && failure.given() instanceof InterruptedException;
        if (!rang && (taken || until - time.nanoTime() > 0)) {
            return outcome; // in time, or interrupted by somebody else
        }
        if (rang && !taken) {
            Thread.interrupted(); // the interrupt was ours, and the work did not take it
        }
        return Failure.of(Fault.of(Code.DEADLINE_EXCEEDED, "the attempt took too long and was interrupted"), null);
    }

    private <W> @Nullable Object detached(Work<W> trial, W work, @Nullable CallContext context, int number, long until)
            throws InterruptedException {
        if (DETACHED.incrementAndGet(this) > Guard.DETACHED_MAX) {
            DETACHED.decrementAndGet(this);
            return Failure.refused(
                    Code.RESOURCE_EXHAUSTED,
                    Guard.DETACHED_MAX + " attempts that took too long are still running, which is the limit");
        }
        var ended = new Promise<Ended>();
        Thread thread = Thread.ofVirtual().name("treaty-attempt").start(() -> {
            Object outcome = Failure.NOT_MADE;
            try {
                outcome = judged(trial, work, context, number, until);
            } finally {
                DETACHED.decrementAndGet(this);
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
        tally.add(GuardCounters.Count.DETACHED);
        return Failure.of(Fault.of(Code.DEADLINE_EXCEEDED, "the attempt took too long and was left behind"), null);
    }

    /** What an attempt on a thread of its own came to. */
    private record Ended(@Nullable Object outcome) {}
}
