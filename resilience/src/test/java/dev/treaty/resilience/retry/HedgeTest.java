package dev.treaty.resilience.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.fixtures.WatchdogTime;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Fixtures;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.GuardStatistics;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.Policies;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
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
    private final GuardCounters counters = new GuardCounters(1);
    private final Hedge hedge =
            new Hedge(new HedgePolicy(0.95, Duration.ofMillis(2), 1), () -> 0, watchdog, ContextCarrier.NONE, time);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Returns whether this is the first attempt, which stays on its caller's thread; the second may be ahead of it.
     */
    private boolean first() {
        return Thread.currentThread().equals(caller);
    }

    /** Returns a guard with enough samples to hedge. */
    private static Guard sampled(Guard.Builder builder) {
        Guard guard = builder.build();
        for (int i = 0; i < 2 * LatencyWindow.SAMPLES_MIN; i++) {
            guard.call(() -> "quick");
        }
        return guard;
    }

    private static Guard sampled() {
        return sampled(Guard.named("test").tolerance(HEDGED).idempotent());
    }

    @Test
    void a_slow_attempt_is_hedged_and_the_second_answers() throws InterruptedException {
        Guard guard = sampled();
        GuardStatistics before = guard.statistics(); // on a busy machine a fast call may have been slow
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
    void the_first_attempt_may_win_and_the_second_is_interrupted_and_awaited() throws InterruptedException {
        Guard guard = sampled();
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
    void a_second_attempt_that_fails_does_not_affect_the_first() throws Exception {
        Guard guard = sampled();
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
    void a_first_attempt_that_fails_waits_for_the_second() throws Exception {
        Guard guard = sampled();
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
    void if_both_attempts_fail_the_first_failure_stands() throws Exception {
        Guard guard = sampled();
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
    void work_is_not_hedged_without_samples_or_idempotence_or_budget() throws InterruptedException {
        Guard unknown = Guard.named("test").tolerance(HEDGED).idempotent().build();
        callSlowly(unknown);
        assertThat(unknown.statistics().hedges()).isZero();
        Guard writes = sampled(Guard.named("test").tolerance(HEDGED));
        callSlowly(writes);
        assertThat(writes.statistics().hedges()).isZero();
        Guard poor = sampled(Guard.named("test")
                .tolerance(HEDGED.with(new HedgePolicy(0.95, Duration.ofMillis(2), 0)))
                .idempotent());
        // A budget starts with one.
        poor.call(() -> {
            spinUntilHedged(poor);
            return "slow";
        });
        callSlowly(poor);
        callSlowly(poor);
        assertThat(poor.statistics().hedges()).isEqualTo(1);
    }

    @Test
    void a_budget_of_one_operation_is_earned_by_its_own_calls() throws InterruptedException {
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
        assertThat(guard.statistics().hedges()).as("a budget starts with one").isEqualTo(1);
    }

    private static void callSlowly(Guard guard) {
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

    /** Is slow until the second attempt has started. */
    private static void spinUntilHedged(Guard guard) {
        long end = System.nanoTime() + 60 * SECOND;
        while (guard.statistics().hedges() == 0 && System.nanoTime() - end < 0) {
            Thread.yield();
        }
    }

    @Test
    void an_error_in_the_first_attempt_passes_and_ends_the_second() throws InterruptedException {
        Guard guard = sampled();
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

    // The following tests advance the clock themselves.

    /** Makes sequential attempts of that duration that are not hedged. */
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
                    counters);
            assertThat(answer).isEqualTo("alone");
        }
    }

    /** Adds enough samples, and returns the delay. */
    private long addSamples() throws InterruptedException {
        attemptsTake(10 * MILLI, 2 * LatencyWindow.SAMPLES_MIN);
        return hedge.delayNanos(time.nanoTime());
    }

    @SuppressWarnings("EnumOrdinal")
    private long hedges() {
        var sums = new long[GuardCounters.COUNTS];
        counters.addTo(sums);
        return sums[GuardCounters.Count.HEDGES.ordinal()];
    }

    /** In the first attempt: advances the clock to the delay, and waits until the second has started. */
    private void exceedDelay(long at) throws InterruptedException {
        time.settle(at);
        time.advanceTo(at);
        started.await();
    }

    /** In the second attempt: runs until it is interrupted. */
    private Object runUntilInterrupted() throws InterruptedException {
        started.countDown();
        try {
            new CountDownLatch(1).await();
            return "never";
        } finally {
            ended.countDown();
        }
    }

    /** In the second attempt: runs until then and ignores interrupts. */
    private static void runUntil(CountDownLatch then) {
        while (true) {
            try {
                then.await();
                return;
            } catch (InterruptedException e) {
                // ignores interrupts
            }
        }
    }

    /** When the calling thread sleeps, advances the clock to the end of its sleep. */
    private void letTheCallerSleepOn() {
        Thread.ofVirtual().start(() -> time.advanceTo(time.sleepsUntil(caller)));
    }

    @Test
    void the_delay_is_known_as_soon_as_enough_attempts_have_ended() throws InterruptedException {
        attemptsTake(1, LatencyWindow.SAMPLES_MIN - 1);
        assertThat(hedge.delayNanos(time.nanoTime())).isEqualTo(-1);
        attemptsTake(1, 1);
        assertThat(hedge.delayNanos(time.nanoTime())).as("delayMin").isEqualTo(2 * MILLI);
    }

    @Test
    void the_delay_is_refreshed_regularly() throws InterruptedException {
        assertThat(hedge.delayNanos(0)).as("too few samples").isEqualTo(-1);
        attemptsTake(5 * MILLI, 20);
        assertThat(hedge.delayNanos(100 * MILLI)).isBetween(5 * MILLI, 6 * MILLI);
        attemptsTake(10 * MILLI, 9);
        assertThat(hedge.delayNanos(time.nanoTime())).isBetween(5 * MILLI, 6 * MILLI);
        attemptsTake(10 * MILLI, 1);
        assertThat(hedge.delayNanos(time.nanoTime())).isBetween(10 * MILLI, 12 * MILLI);
    }

    @Test
    void a_second_attempt_starts_after_the_delay_and_not_before() throws InterruptedException {
        long delay = addSamples();
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
                    exceedDelay(now + delay);
                    return "first";
                },
                7,
                now,
                now + SECOND,
                counters);
        assertThat(answer).isEqualTo("first");
        assertThat(numbers).containsExactly(7, 8);
        assertThat(hedges()).isEqualTo(1);
        assertThat(ended.getCount()).as("it has ended before the call").isZero();
    }

    @Test
    void a_fast_attempt_is_not_hedged() throws InterruptedException {
        addSamples();
        long now = time.nanoTime();
        assertThat(hedge.race(_ -> "quick", 1, now, now + SECOND, counters)).isEqualTo("quick");
        assertThat(hedges()).isZero();
    }

    @Test
    void no_second_attempt_starts_after_the_deadline() throws InterruptedException {
        long delay = addSamples();
        long now = time.nanoTime();
        Watchdog.Watch other = watchdog.arm(caller, now + 3600 * SECOND, null); // so that the watchdog checks
        time.settle(now + SECOND);
        Object answer = hedge.race(
                _ -> {
                    time.advanceTo(now + SECOND);
                    return "late";
                },
                1,
                now,
                now + delay,
                counters);
        assertThat(answer).isEqualTo("late");
        assertThat(hedges()).isZero();
        assertThat(other.disarm()).isFalse();
    }

    @Test
    void an_interrupt_from_outside_ends_both_attempts() throws InterruptedException {
        long slow = addSamples() + time.nanoTime();
        assertThatThrownBy(() -> hedge.race(
                        _ -> {
                            if (!first()) {
                                return runUntilInterrupted();
                            }
                            exceedDelay(slow);
                            throw new InterruptedException("from outside");
                        },
                        1,
                        time.nanoTime(),
                        time.nanoTime() + SECOND,
                        counters))
                .isInstanceOf(InterruptedException.class)
                .hasMessage("from outside");
        assertThat(ended.getCount()).as("the second has ended before the call").isZero();
    }

    @Test
    void a_second_attempt_that_ignores_interrupts_is_awaited_until_the_deadline() throws InterruptedException {
        long slow = addSamples() + time.nanoTime();
        long until = time.nanoTime() + SECOND;
        var over = new CountDownLatch(1);
        Object answer = hedge.race(
                _ -> {
                    if (!first()) {
                        started.countDown();
                        runUntil(over);
                        return "far too late";
                    }
                    exceedDelay(slow);
                    letTheCallerSleepOn();
                    return "first";
                },
                1,
                time.nanoTime(),
                until,
                counters);
        assertThat(answer).isEqualTo("first");
        assertThat(time.nanoTime()).isEqualTo(until);
        over.countDown();
    }

    @Test
    void after_a_failed_first_attempt_the_second_has_until_the_deadline() throws InterruptedException {
        long slow = addSamples() + time.nanoTime();
        long until = time.nanoTime() + SECOND;
        Failure failure = Failure.of(Fault.of(Code.UNAVAILABLE, "broken"), null);
        Object outcome = hedge.race(
                _ -> {
                    if (!first()) {
                        return runUntilInterrupted();
                    }
                    exceedDelay(slow);
                    letTheCallerSleepOn();
                    return failure;
                },
                1,
                time.nanoTime(),
                until,
                counters);
        assertThat(outcome).isEqualTo(failure);
        assertThat(time.nanoTime()).isEqualTo(until);
        ended.await(); // it was interrupted
    }

    @Test
    void a_second_result_after_an_error_of_the_first_interrupts_no_thread() throws InterruptedException {
        long slow = addSamples() + time.nanoTime();
        var over = new CountDownLatch(1);
        var second = new AtomicReference<Thread>();
        assertThatThrownBy(() -> hedge.race(
                        _ -> {
                            if (!first()) {
                                second.set(Thread.currentThread());
                                started.countDown();
                                runUntil(over);
                                return "far too late";
                            }
                            exceedDelay(slow);
                            throw new AssertionError("broken");
                        },
                        1,
                        time.nanoTime(),
                        time.nanoTime() + SECOND,
                        counters))
                .isInstanceOf(AssertionError.class)
                .hasMessage("broken");
        over.countDown();
        second.get().join();
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void no_interrupt_reaches_code_after_the_call() throws InterruptedException {
        Guard guard = sampled(Guard.named("test")
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
