package dev.treaty.resilience.retry;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.RetryBudget;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.timeout.Watchdog;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts a second attempt beside one that takes longer than most, and takes whichever answers first: the cure for a
 * slow instance, a lost packet, a pause of a collector.
 *
 * <p>The first attempt stays on its caller's thread, and only a {@link Watchdog watch} tells when it has become slow,
 * so a call that is not hedged costs no thread. The loser is interrupted and waited for: a call is not over before its
 * attempts are.
 *
 * @see <a href="https://research.google/pubs/the-tail-at-scale/">J. Dean, L. Barroso, The Tail at Scale, 2013</a>
 */
public final class Hedge {
    private static final long REFRESH_NANOS = 100_000_000;

    private final HedgePolicy policy;
    private final LatencyWindow latencies;
    private final RetryBudget budget;
    private final Watchdog watchdog;
    private final Time time;
    private volatile long delayNanos = -1;
    private volatile long refreshAt;

    public Hedge(HedgePolicy policy, LongSupplier calls, Watchdog watchdog, Time time) {
        this.policy = policy;
        this.latencies = new LatencyWindow(time.nanoTime());
        this.budget = new RetryBudget(policy.budget(), 0, calls, time);
        this.watchdog = watchdog;
        this.time = time;
        this.refreshAt = time.nanoTime();
    }

    /** One attempt, under a number: the first has the number that it is given, the second one more. */
    @FunctionalInterface
    public interface Attempt {
        @Nullable
        Object run(int number) throws InterruptedException;
    }

    /** How long the first attempt may take alone, in nanoseconds; -1 where too little is known yet. */
    long delayNanos(long now) {
        if (delayNanos < 0 || now - refreshAt >= 0) { // as soon as enough is known, and then now and then
            refreshAt = now + REFRESH_NANOS;
            long percentile = latencies.percentileNanos(policy.percentile());
            delayNanos =
                    percentile < 0 ? -1 : Math.max(percentile, policy.delayMin().toNanos());
        }
        return delayNanos;
    }

    /**
     * Makes one attempt or two.
     *
     * @param until when both must be over
     * @return what the first to succeed answered, or the {@link Failure} of the first attempt
     */
    @Nullable
    public Object race(Attempt attempt, int number, long now, long until, GuardCounters tally)
            throws InterruptedException {
        long delay = delayNanos(now);
        if (delay < 0 || until - now <= delay) {
            return timed(attempt, number, now);
        }
        var race = new Race(attempt, number + 1, tally);
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), now + delay, race);
        Object first = null;
        InterruptedException interrupted = null;
        Error broken = null;
        boolean rang;
        try {
            first = timed(attempt, number, now);
            if (first instanceof Failure failure && failure.given() instanceof InterruptedException e) {
                interrupted = e;
            }
        } catch (InterruptedException e) {
            interrupted = e;
        } catch (Error e) {
            broken = e;
        } finally {
            rang = watchdog.disarm(watch);
        }
        if (broken != null) {
            race.abandon(); // only now: a second attempt that was just about to start has started
            throw broken;
        }
        if (rang) {
            return race.ended(first, interrupted, until);
        }
        if (interrupted != null) {
            throw interrupted;
        }
        return first;
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
        private static final int RUNNING = 0;
        private static final int FIRST_ENDED = 1;
        private static final int SECOND_WINS = 2;
        private static final int SECOND_WON = 3;

        /** What the second attempt came to; its answer may be null. */
        private record Ended(@Nullable Object outcome) {
            boolean good() {
                return !(outcome instanceof Failure);
            }
        }

        private final Attempt attempt;
        private final int number;
        private final GuardCounters tally;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private final Promise<Ended> second = new Promise<>();
        private volatile @Nullable Thread thread;

        Race(Attempt attempt, int number, GuardCounters tally) {
            this.attempt = attempt;
            this.number = number;
            this.tally = tally;
        }

        /** The first attempt has become slow. */
        @Override
        public void run() {
            if (!budget.spend()) {
                second.complete(new Ended(Failure.NOT_MADE));
                return;
            }
            tally.add(GuardCounters.Count.HEDGES);
            Thread starting = Thread.ofVirtual().name("treaty-hedge").unstarted(this::hedge);
            thread = starting; // first: whoever sees what the second attempt does can also end it
            starting.start();
        }

        private void hedge() {
            Ended ended = new Ended(Failure.NOT_MADE);
            try {
                ended = new Ended(attempt.run(number));
            } catch (InterruptedException _) {
                // The first attempt was faster, and this thread ends.
            } finally {
                second.complete(ended);
            }
            if (ended.good() && state.compareAndSet(RUNNING, SECOND_WINS)) {
                caller.interrupt();
                state.set(SECOND_WON);
            }
        }

        /** The first attempt ended in a way that no second one can mend. */
        void abandon() {
            state.set(FIRST_ENDED);
            interruptSecond();
        }

        /** The first attempt is over, after the second may have begun. */
        @SuppressWarnings("ThreadPriorityCheck") // the second may need the processor that this thread has
        @Nullable
        Object ended(@Nullable Object first, @Nullable InterruptedException interrupted, long until)
                throws InterruptedException {
            if (!state.compareAndSet(RUNNING, FIRST_ENDED)) {
                while (state.get() != SECOND_WON) {
                    Thread.yield(); // the interrupt is under way
                }
                if (interrupted == null) {
                    Thread.interrupted(); // it was ours, and the first attempt did not take it
                }
            } else if (interrupted != null) {
                cancel(until);
                throw interrupted;
            } else if (!(first instanceof Failure)) {
                cancel(until);
                return first;
            }
            Ended other = awaitSecond(until);
            if (other != null && other.good()) {
                tally.add(GuardCounters.Count.HEDGES_WON);
                return other.outcome;
            }
            return first;
        }

        private @Nullable Ended awaitSecond(long until) throws InterruptedException {
            boolean ended = false;
            try {
                Ended other = second.await(time, until - time.nanoTime());
                ended = other != null;
                return other;
            } finally {
                if (!ended) {
                    interruptSecond();
                }
            }
        }

        /** Ends the second attempt, and waits for it as long as the call may take. */
        private void cancel(long until) throws InterruptedException {
            interruptSecond();
            second.await(time, until - time.nanoTime());
        }

        private void interruptSecond() {
            Thread running = thread;
            if (running != null) {
                running.interrupt();
            }
        }
    }
}
