package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.CircuitBreaker.State;
import dev.treaty.resilience.breaker.CountWindow;
import dev.treaty.resilience.breaker.OutcomeWindow;
import dev.treaty.resilience.breaker.TimeWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Real threads on one breaker, for a bounded number of rounds. */
class CircuitBreakerStressTest {
    private static final int THREADS = 4;
    private static final int STRIPES = 4;

    private final ManualTime time = new ManualTime();

    private interface Part {
        void run(int thread) throws Exception;
    }

    private static void together(Part part) throws Exception {
        var begin = new CyclicBarrier(THREADS);
        List<Future<?>> ends = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int thread = 0; thread < THREADS; thread++) {
                int number = thread;
                ends.add(threads.submit(() -> {
                    begin.await();
                    part.run(number);
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
        }
    }

    @Test
    void no_outcome_is_lost_or_counted_twice() throws Exception {
        int calls = 200_000;
        for (OutcomeWindow window : List.of(
                new TimeWindow(1_000, STRIPES, 0),
                new TimeWindow(1_000, 1, 0),
                new CountWindow(THREADS * calls, STRIPES, 0))) {
            together(_ -> {
                for (int i = 0; i < calls; i++) {
                    if (i % 100 == 0) {
                        window.add(i % 200 == 0, i % 200 != 0, 0);
                    } else {
                        window.succeeded(0);
                    }
                    if (i % 1_000 == 0) {
                        assertThat(window.counts(0).calls()).isGreaterThan(i);
                    }
                }
            });
            var counts = window.counts(0);
            assertThat(counts.calls()).isEqualTo((long) THREADS * calls);
            assertThat(counts.failures()).isEqualTo((long) THREADS * calls / 200);
            assertThat(counts.slow()).isEqualTo((long) THREADS * calls / 200);
        }
    }

    /** No outcome is lost while the clock advances, as long as the window is long enough. */
    @Test
    void no_outcome_is_lost_when_a_bucket_begins() throws Exception {
        int calls = 100_000;
        var window = new TimeWindow(10L * calls, STRIPES, 0);
        var clock = new AtomicLong();
        together(thread -> {
            for (int i = 0; i < calls; i++) {
                long now = clock.addAndGet(2);
                if (i % 50 == 0) {
                    window.add(true, false, now);
                } else {
                    window.succeeded(now);
                }
            }
        });
        // Eight tenths of the window have passed by now.
        assertThat(window.counts(clock.get()).calls()).isEqualTo((long) THREADS * calls);
        assertThat(window.counts(clock.get()).failures()).isEqualTo((long) THREADS * calls / 50);
    }

    /** Threads that start together get exactly the allowed number of trials, whose successes close the breaker. */
    @Test
    void concurrent_threads_never_get_more_trials_than_allowed() throws Exception {
        int trials = 2;
        int rounds = 2_000;
        var breaker = new CircuitBreaker(
                CircuitBreakerPolicy.DEFAULT
                        .withConsecutiveFailures(1)
                        .withOpen(Duration.ofSeconds(1), Duration.ofSeconds(1))
                        .withHalfOpenCalls(trials),
                time,
                new Random(1),
                (_, _, _) -> {},
                STRIPES);
        var admitted = new AtomicInteger();
        var between = new CyclicBarrier(THREADS);
        together(thread -> {
            for (int round = 0; round < rounds; round++) {
                if (thread == 0) {
                    breaker.failed(breaker.tryAcquire());
                    time.advance(Duration.ofSeconds(2));
                    admitted.set(0);
                }
                between.await(20, TimeUnit.SECONDS);
                long admission = breaker.tryAcquire();
                if (admission != CircuitBreaker.REFUSED) {
                    admitted.incrementAndGet();
                }
                between.await(20, TimeUnit.SECONDS);
                assertThat(admitted.get()).isEqualTo(trials);
                breaker.succeeded(admission);
                between.await(20, TimeUnit.SECONDS);
                assertThat(breaker.state()).isEqualTo(State.CLOSED);
                between.await(20, TimeUnit.SECONDS);
            }
        });
    }

    /** A success that was admitted before the breaker opened never closes it. */
    @Test
    void late_successes_never_close_an_open_breaker() throws Exception {
        int rounds = 5_000;
        var breaker = new CircuitBreaker(
                CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(2), time, new Random(1), (_, _, _) -> {}, STRIPES);
        var between = new CyclicBarrier(THREADS);
        together(thread -> {
            for (int round = 0; round < rounds; round++) {
                long admission = breaker.tryAcquire();
                between.await(20, TimeUnit.SECONDS);
                if (thread == 0) {
                    // In a row only if no success comes between, so repeat until it is open.
                    while (breaker.state() == State.CLOSED) {
                        breaker.failed(admission);
                    }
                    assertThat(breaker.state()).isEqualTo(State.OPEN);
                } else {
                    breaker.succeeded(admission);
                }
                between.await(20, TimeUnit.SECONDS);
                assertThat(breaker.state()).isEqualTo(State.OPEN);
                between.await(20, TimeUnit.SECONDS);
                if (thread == 0) {
                    breaker.reset();
                }
                between.await(20, TimeUnit.SECONDS);
            }
        });
    }
}
