package dev.treaty.resilience.retry;

import dev.treaty.core.call.AsyncCall;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Fault;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts a second attempt beside one that takes longer than most, and returns the first result: it hides a slow
 * instance, a lost packet, a pause of a garbage collector.
 *
 * <p>The first attempt stays on its caller's thread, and a {@link Watchdog} starts the second, so a call that is not
 * hedged costs no thread. The slower attempt is interrupted and awaited: a call does not end before its attempts.
 *
 * @see <a href="https://research.google/pubs/the-tail-at-scale/">J. Dean, L. Barroso, The Tail at Scale, 2013</a>
 */
public final class Hedge {
    private static final long REFRESH_NANOS = 100_000_000;

    private final HedgePolicy policy;
    private final LatencyWindow latencies;
    private final RetryBudget budget;
    private final Watchdog watchdog;
    private final ContextCarrier carrier;
    private final Time time;
    private volatile long delayNanos = -1;
    private volatile long refreshAt;

    public Hedge(HedgePolicy policy, LongSupplier calls, Watchdog watchdog, ContextCarrier carrier, Time time) {
        this.policy = policy;
        this.latencies = new LatencyWindow(time.nanoTime());
        this.budget = new RetryBudget(1, policy.budget(), 0, calls, time);
        this.watchdog = watchdog;
        this.carrier = carrier;
        this.time = time;
        this.refreshAt = time.nanoTime();
    }

    /** An attempt with its number: the second attempt has the number after that of the first. */
    @FunctionalInterface
    public interface Attempt {
        @Nullable
        Object run(int number) throws InterruptedException;
    }

    /** Returns how long the first attempt runs alone, in nanoseconds; -1 if too few attempts are known. */
    long delayNanos(long now) {
        if (delayNanos < 0 || now - refreshAt >= 0) {
            refreshAt = now + REFRESH_NANOS;
            long percentile = latencies.percentileNanos(policy.percentile());
            delayNanos =
                    percentile < 0 ? -1 : Math.max(percentile, policy.delayMin().toNanos());
        }
        return delayNanos;
    }

    /**
     * Makes one attempt, or two.
     *
     * @param until when both must be over
     * @return the first result, or the {@link Failure} of the first attempt
     */
    @Nullable
    public Object race(Attempt attempt, int number, long now, long until, GuardCounters counters)
            throws InterruptedException {
        long delay = delayNanos(now);
        if (delay < 0 || until - now <= delay) {
            return timed(attempt, number, now);
        }
        var race = new Race(attempt, number + 1, counters);
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), now + delay, race);
        Object first;
        try {
            first = timed(attempt, number, now);
        } catch (InterruptedException e) {
            first = Failure.of(Fault.of(Code.CANCELED, "the attempt was interrupted"), e);
        } catch (Throwable e) {
            watch.disarm(); // first: afterwards no second attempt starts
            race.endFirst();
            race.interruptSecond();
            throw e;
        }
        Object result = watch.disarm() ? race.result(first, until) : first;
        if (result instanceof Failure failure && failure.cause() instanceof InterruptedException interrupt) {
            throw interrupt;
        }
        return result;
    }

    private @Nullable Object timed(Attempt attempt, int number, long now) throws InterruptedException {
        Object outcome = attempt.run(number);
        if (!(outcome instanceof Failure)) {
            long end = time.nanoTime();
            latencies.add(end - now, end);
        }
        return outcome;
    }

    /** Two attempts at the same work. */
    private final class Race implements Runnable {
        /** The outcome of the second attempt; its result may be null. */
        private record Ended(@Nullable Object outcome) {}

        private final Attempt attempt;
        private final int number;
        private final GuardCounters counters;
        private final Thread caller = Thread.currentThread();
        private final Promise<Ended> second = new Promise<>();

        /** Of the second attempt; created by the caller, whose context it has. */
        private final Thread thread = carrier.thread("treaty-hedge", this::hedge, this::failed);

        private boolean firstEnded;

        /** Interrupts the first attempt, because the second has succeeded before. */
        private Watchdog.@Nullable Watch interrupt;

        Race(Attempt attempt, int number, GuardCounters counters) {
            this.attempt = attempt;
            this.number = number;
            this.counters = counters;
        }

        private void notMade() {
            second.complete(new Ended(Failure.NOT_MADE)); // without effect if it has ended
        }

        private void failed(Throwable thrown) {
            BackgroundThread.report("treaty-hedge", Events.NONE, thrown);
            notMade();
        }

        /** Starts the second attempt, when the first has become slow. */
        @Override
        public void run() {
            if (!budget.spend()) {
                notMade();
                return;
            }
            try {
                thread.start();
            } catch (Throwable e) {
                notMade();
                throw e;
            }
            counters.add(GuardCounters.Count.HEDGES);
        }

        private void hedge() {
            Object outcome = Failure.NOT_MADE;
            try {
                outcome = attempt.run(number);
            } catch (InterruptedException _) {
                // The first attempt was faster, and this thread ends.
            } finally { // also after an error: the first attempt decides
                second.complete(new Ended(outcome));
            }
            if (!(outcome instanceof Failure)) {
                secondSucceeded();
            }
        }

        /** Interrupts the first attempt unless it has ended. */
        private synchronized void secondSucceeded() {
            if (!firstEnded) {
                interrupt = watchdog.arm(caller, time.nanoTime(), null);
            }
        }

        /** Ends the first attempt; returns false if the second has succeeded, whose interrupt is then over. */
        private synchronized boolean endFirst() {
            firstEnded = true;
            if (interrupt != null) {
                watchdog.disarm(interrupt);
            }
            return interrupt == null;
        }

        /** Returns the result, once the first attempt has ended and the second may have started. */
        @Nullable
        Object result(@Nullable Object first, long until) throws InterruptedException {
            boolean secondSucceeded = !endFirst();
            boolean interrupted = first instanceof Failure failure && failure.interrupted();
            if (!secondSucceeded && (interrupted || !(first instanceof Failure))) {
                interruptSecond();
                awaitSecond(until);
                return first;
            }
            Ended other = awaitSecond(until);
            if (other == null || other.outcome instanceof Failure) {
                return first;
            }
            counters.add(GuardCounters.Count.HEDGES_WON);
            return other.outcome;
        }

        /** Waits for the second attempt as long as the call may take, and interrupts it at the end of that time. */
        private @Nullable Ended awaitSecond(long until) throws InterruptedException {
            Ended ended = null;
            try {
                ended = second.await(time, until - time.nanoTime());
            } finally {
                if (ended == null) {
                    interruptSecond();
                }
            }
            return ended;
        }

        private void interruptSecond() {
            if (second.now() == null) {
                AsyncCall.interrupt(thread);
            }
        }
    }
}
