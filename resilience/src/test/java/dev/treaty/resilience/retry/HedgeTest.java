package dev.treaty.resilience.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Fixtures;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.GuardStatistics;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.Policies;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.WatchdogTime;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.timeout.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class HedgeTest {
    private static final FaultTolerance HEDGED =
            FaultTolerance.DEFAULT.with(RetryPolicy.NONE).with(new HedgePolicy(0.95, Duration.ofMillis(2), 1));

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private final Thread caller = Thread.currentThread();
    private final WatchdogTime time = new WatchdogTime();
    private final Watchdog watchdog = Watchdog.of(time);
    private final GuardCounters tally = new GuardCounters(1);
    private final Hedge hedge = new Hedge(new HedgePolicy(0.95, Duration.ofMillis(2), 1), () -> 0, watchdog, time);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Whether this is the first attempt, which stays on its caller's thread; on a busy machine the second may be ahead.
     */
    private boolean first() {
        return Thread.currentThread().equals(caller);
    }

    /** A guard that has seen enough quick calls to know what is slow. */
    private static Guard experienced(Guard.Builder builder) {
        Guard guard = builder.build();
        for (int i = 0; i < 2 * LatencyWindow.SAMPLES_MIN; i++) {
            guard.call(() -> "quick");
        }
        return guard;
    }

    private static Guard experienced() {
        return experienced(Guard.named("test").tolerance(HEDGED).idempotent());
    }

    @Test
    void aSlowAttemptGetsASecondWhichAnswersAndEndsTheFirst() throws InterruptedException {
        Guard guard = experienced();
        GuardStatistics before = guard.statistics(); // on a busy machine a quick call may have been slow too
        var interrupted = new CountDownLatch(1);
        String answer = guard.call(() -> {
            if (first()) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                }
            }
            return "second";
        });
        assertThat(answer).isEqualTo("second");
        interrupted.await();
        assertThat(Thread.interrupted()).isFalse();
        assertThat(guard.statistics().hedges()).isEqualTo(before.hedges() + 1);
        assertThat(guard.statistics().hedgesWon()).isEqualTo(before.hedgesWon() + 1);
    }

    @Test
    void theFirstToAnswerWinsAndTheSecondIsInterruptedAndWaitedFor() throws InterruptedException {
        Guard guard = experienced();
        long wonBefore = guard.statistics().hedgesWon();
        var second = new CountDownLatch(1);
        var ended = new AtomicInteger();
        String answer = guard.call(() -> {
            if (first()) {
                second.await();
                return "first";
            }
            second.countDown();
            try {
                new CountDownLatch(1).await();
                return "never";
            } finally {
                ended.incrementAndGet();
            }
        });
        assertThat(answer).isEqualTo("first");
        assertThat(ended).as("the second has ended before the call").hasValue(1);
        assertThat(guard.statistics().hedgesWon()).isEqualTo(wonBefore);
    }

    @Test
    void aSecondThatFailsDoesNotSpoilTheFirst() throws Exception {
        Guard guard = experienced();
        var second = new CountDownLatch(1);
        String answer = guard.call(() -> {
            if (first()) {
                second.await();
                return "first";
            }
            second.countDown();
            throw new IOException("broken");
        });
        assertThat(answer).isEqualTo("first");
    }

    @Test
    void aFirstThatFailsWaitsForTheSecond() throws Exception {
        Guard guard = experienced();
        var second = new CountDownLatch(1);
        var first = new CountDownLatch(1);
        String answer = guard.call(() -> {
            if (first()) {
                second.await();
                first.countDown();
                throw new IOException("broken");
            }
            second.countDown();
            first.await();
            return "second";
        });
        assertThat(answer).isEqualTo("second");
    }

    @Test
    void whereBothFailTheFirstFailureStands() throws Exception {
        Guard guard = experienced();
        var second = new CountDownLatch(1);
        assertThatThrownBy(() -> guard.call(() -> {
                    if (first()) {
                        second.await();
                        throw new IOException("first");
                    }
                    second.countDown();
                    throw new IOException("second");
                }))
                .hasMessage("first");
    }

    @Test
    void nothingIsHedgedThatIsUnknownOrNotIdempotentOrBeyondTheBudget() throws InterruptedException {
        Guard unknown = Guard.named("test").tolerance(HEDGED).idempotent().build();
        slowly(unknown);
        assertThat(unknown.statistics().hedges()).isZero();
        Guard writes = experienced(Guard.named("test").tolerance(HEDGED));
        slowly(writes);
        assertThat(writes.statistics().hedges()).isZero();
        Guard poor = experienced(Guard.named("test")
                .tolerance(HEDGED.with(new HedgePolicy(0.95, Duration.ofMillis(2), 0)))
                .idempotent());
        // A budget begins with one.
        poor.call(() -> {
            spinUntilHedged(poor);
            return "slow";
        });
        slowly(poor);
        slowly(poor);
        assertThat(poor.statistics().hedges()).isEqualTo(1);
    }

    @Test
    void aBudgetOfAnOperationAloneIsEarnedByItsOwnCalls() throws InterruptedException {
        var poor = HEDGED.with(new HedgePolicy(0.95, Duration.ofMillis(2), 0.001));
        Guard guard = Guard.named("test").build();
        guard.apply(new Policies(FaultTolerance.DEFAULT, Map.of("read", poor)));
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        for (int i = 0; i < 2 * LatencyWindow.SAMPLES_MIN; i++) {
            filter.handle(Fixtures.call(Fixtures.READ, Time.system()), _ -> ServiceResponse.ok("quick"));
        }
        for (int i = 0; i < 5_000; i++) {
            guard.call(() -> "quick");
        }
        filter.handle(Fixtures.call(Fixtures.READ, Time.system()), _ -> {
            spinUntilHedged(guard);
            return ServiceResponse.ok("slow");
        });
        for (int i = 0; i < 3; i++) {
            filter.handle(Fixtures.call(Fixtures.READ, Time.system()), _ -> {
                spin();
                return ServiceResponse.ok("slow");
            });
        }
        assertThat(guard.statistics().hedges()).as("a budget begins with one").isEqualTo(1);
    }

    private static void slowly(Guard guard) {
        guard.call(() -> {
            spin();
            return "slow";
        });
    }

    private static void spin() {
        long end = System.nanoTime() + 20_000_000;
        while (System.nanoTime() - end < 0) {
            Thread.yield();
        }
    }

    /** Is slow for as long as it takes a busy machine to notice. */
    private static void spinUntilHedged(Guard guard) {
        long end = System.nanoTime() + 20 * SECOND;
        while (guard.statistics().hedges() == 0 && System.nanoTime() - end < 0) {
            Thread.yield();
        }
    }

    @Test
    void anErrorInTheFirstPassesAndEndsTheSecond() throws InterruptedException {
        Guard guard = experienced();
        var second = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        assertThatThrownBy(() -> guard.call(() -> {
                    if (first()) {
                        second.await();
                        throw new AssertionError("broken");
                    }
                    second.countDown();
                    try {
                        new CountDownLatch(1).await();
                        return "never";
                    } finally {
                        ended.countDown();
                    }
                }))
                .isInstanceOf(AssertionError.class);
        ended.await();
        assertThat(Thread.interrupted()).isFalse();
    }

    // The following move the time themselves, from one moment at which something happens to the next.

    /** So many attempts take that long, one after the other, without a second one beside them. */
    private void attemptsTake(long nanos, int times) throws InterruptedException {
        for (int i = 0; i < times; i++) {
            long now = time.nanoTime();
            Object answer = hedge.race(
                    _ -> {
                        time.advanceTo(now + nanos);
                        return "alone";
                    },
                    1,
                    now,
                    now,
                    tally);
            assertThat(answer).isEqualTo("alone");
        }
    }

    /** It is known what is slow; gives back how long that is. */
    private long experience() throws InterruptedException {
        attemptsTake(10 * MILLI, 2 * LatencyWindow.SAMPLES_MIN);
        return hedge.delayNanos(time.nanoTime());
    }

    @SuppressWarnings("EnumOrdinal")
    private long hedges() {
        return tally.sinceReset()[GuardCounters.Count.HEDGES.ordinal()];
    }

    /** In the first attempt: becomes slow, and waits until the second has begun. */
    private void becomeSlow(long at) throws InterruptedException {
        time.settle(at);
        time.advanceTo(at);
        begun.await();
    }

    /** In the second attempt: runs until it is interrupted. */
    private Object runUntilInterrupted() throws InterruptedException {
        begun.countDown();
        try {
            new CountDownLatch(1).await();
            return "never";
        } finally {
            ended.countDown();
        }
    }

    /** In the second attempt: runs on until then, whoever interrupts it. */
    private static void runUntil(CountDownLatch then) {
        while (true) {
            try {
                then.await();
                return;
            } catch (InterruptedException e) {
                // it does not listen
            }
        }
    }

    /** Once the calling thread sleeps, moves on to when it would wake by itself. */
    private void letTheCallerSleepOn() {
        Thread.ofVirtual().start(() -> time.advanceTo(time.sleepsUntil(caller)));
    }

    @Test
    void whatIsSlowIsKnownAsSoonAsEnoughAttemptsHaveEnded() throws InterruptedException {
        attemptsTake(1, LatencyWindow.SAMPLES_MIN - 1);
        assertThat(hedge.delayNanos(time.nanoTime())).isEqualTo(-1);
        attemptsTake(1, 1);
        assertThat(hedge.delayNanos(time.nanoTime())).as("delayMin").isEqualTo(2 * MILLI);
    }

    @Test
    void whatIsSlowIsFoundOutAnewNowAndThen() throws InterruptedException {
        assertThat(hedge.delayNanos(0)).as("too little is known").isEqualTo(-1);
        attemptsTake(5 * MILLI, 20);
        assertThat(hedge.delayNanos(100 * MILLI)).isBetween(5 * MILLI, 6 * MILLI);
        attemptsTake(10 * MILLI, 9);
        assertThat(hedge.delayNanos(time.nanoTime())).isBetween(5 * MILLI, 6 * MILLI);
        attemptsTake(10 * MILLI, 1);
        assertThat(hedge.delayNanos(time.nanoTime())).isBetween(10 * MILLI, 12 * MILLI);
    }

    @Test
    void aSecondAttemptStartsWhenTheFirstHasBecomeSlowAndNotBefore() throws InterruptedException {
        long delay = experience();
        long now = time.nanoTime();
        List<Integer> numbers = Collections.synchronizedList(new ArrayList<>());
        Object answer = hedge.race(
                number -> {
                    numbers.add(number);
                    if (!first()) {
                        return runUntilInterrupted();
                    }
                    time.settle(now + delay);
                    time.advanceTo(now + delay - 1);
                    assertThat(hedges()).isZero();
                    becomeSlow(now + delay);
                    return "first";
                },
                7,
                now,
                now + SECOND,
                tally);
        assertThat(answer).isEqualTo("first");
        assertThat(numbers).containsExactly(7, 8);
        assertThat(hedges()).isEqualTo(1);
        assertThat(ended.getCount()).as("it has ended before the call").isZero();
    }

    @Test
    void whatIsQuickIsAnsweredWithoutASecondAttempt() throws InterruptedException {
        experience();
        long now = time.nanoTime();
        assertThat(hedge.race(_ -> "quick", 1, now, now + SECOND, tally)).isEqualTo("quick");
        assertThat(hedges()).isZero();
    }

    @Test
    void noSecondAttemptStartsWhereTheCallMustBeOverByThen() throws InterruptedException {
        long delay = experience();
        long now = time.nanoTime();
        Watchdog.Watch other = watchdog.arm(caller, now + 3600 * SECOND, null); // so that it looks
        time.settle(now + SECOND);
        Object answer = hedge.race(
                _ -> {
                    time.advanceTo(now + SECOND);
                    return "late";
                },
                1,
                now,
                now + delay,
                tally);
        assertThat(answer).isEqualTo("late");
        assertThat(hedges()).isZero();
        assertThat(other.disarm()).isFalse();
    }

    @Test
    void anInterruptFromOutsideEndsBothAttempts() throws InterruptedException {
        long slow = experience() + time.nanoTime();
        assertThatThrownBy(() -> hedge.race(
                        _ -> {
                            if (!first()) {
                                return runUntilInterrupted();
                            }
                            becomeSlow(slow);
                            throw new InterruptedException("from outside");
                        },
                        1,
                        time.nanoTime(),
                        time.nanoTime() + SECOND,
                        tally))
                .isInstanceOf(InterruptedException.class)
                .hasMessage("from outside");
        assertThat(ended.getCount()).as("the second has ended before the call").isZero();
    }

    @Test
    void aSecondThatDoesNotListenIsWaitedForUntilTheCallMustBeOver() throws InterruptedException {
        long slow = experience() + time.nanoTime();
        long until = time.nanoTime() + SECOND;
        var over = new CountDownLatch(1);
        Object answer = hedge.race(
                _ -> {
                    if (!first()) {
                        begun.countDown();
                        runUntil(over);
                        return "far too late";
                    }
                    becomeSlow(slow);
                    letTheCallerSleepOn();
                    return "first";
                },
                1,
                time.nanoTime(),
                until,
                tally);
        assertThat(answer).isEqualTo("first");
        assertThat(time.nanoTime()).isEqualTo(until);
        over.countDown();
    }

    @Test
    void whereTheFirstFailedTheSecondHasUntilTheCallMustBeOver() throws InterruptedException {
        long slow = experience() + time.nanoTime();
        long until = time.nanoTime() + SECOND;
        Failure failure = Failure.of(Fault.of(Code.UNAVAILABLE, "broken"), null);
        Object outcome = hedge.race(
                _ -> {
                    if (!first()) {
                        return runUntilInterrupted();
                    }
                    becomeSlow(slow);
                    letTheCallerSleepOn();
                    return failure;
                },
                1,
                time.nanoTime(),
                until,
                tally);
        assertThat(outcome).isEqualTo(failure);
        assertThat(time.nanoTime()).isEqualTo(until);
        ended.await(); // it was interrupted
    }

    @Test
    void whatASecondAnswersAfterAnErrorInTheFirstInterruptsNobody() throws InterruptedException {
        long slow = experience() + time.nanoTime();
        var over = new CountDownLatch(1);
        var second = new AtomicReference<Thread>();
        assertThatThrownBy(() -> hedge.race(
                        _ -> {
                            if (!first()) {
                                second.set(Thread.currentThread());
                                begun.countDown();
                                runUntil(over);
                                return "far too late";
                            }
                            becomeSlow(slow);
                            throw new AssertionError("broken");
                        },
                        1,
                        time.nanoTime(),
                        time.nanoTime() + SECOND,
                        tally))
                .isInstanceOf(AssertionError.class)
                .hasMessage("broken");
        over.countDown();
        second.get().join();
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void noInterruptReachesCodeAfterTheCall() throws InterruptedException {
        Guard guard = experienced(Guard.named("test")
                .tolerance(HEDGED.with(new HedgePolicy(0.5, Duration.ofNanos(1_000), 1)))
                .idempotent());
        for (int i = 0; i < 3_000; i++) {
            int spins = i % 50 * 100;
            guard.call(() -> {
                for (int s = 0; s < spins; s++) {
                    Thread.onSpinWait();
                }
                return "answer";
            });
            assertThat(Thread.interrupted()).as("call " + i).isFalse();
        }
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
    }
}
