package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.Time;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HedgeTest {
    private static final FaultTolerance HEDGED =
            FaultTolerance.DEFAULT.with(RetryPolicy.NONE).with(new HedgePolicy(0.95, Duration.ofMillis(2), 1));

    private final Thread caller = Thread.currentThread();

    /**
     * Whether this is the first attempt, which stays on its caller's thread; on a busy machine the second may be ahead.
     */
    private boolean first() {
        return Thread.currentThread().equals(caller);
    }

    /** A guard that has seen enough quick calls to know what is slow. */
    private static Guard experienced(Guard.Builder builder) throws InterruptedException {
        Guard guard = builder.build();
        for (int i = 0; i < 2 * LatencyWindow.SAMPLES_MIN; i++) {
            guard.call(() -> "quick");
        }
        Time.system().sleep(150_000_000); // until the delay is computed anew
        return guard;
    }

    private static Guard experienced() throws InterruptedException {
        return experienced(Guard.named("test").tolerance(HEDGED).idempotent());
    }

    @Test
    void aSlowAttemptGetsASecondWhichAnswersAndEndsTheFirst() throws InterruptedException {
        Guard guard = experienced();
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
        assertThat(guard.statistics().hedges()).isEqualTo(1);
        assertThat(guard.statistics().hedgesWon()).isEqualTo(1);
    }

    @Test
    void theFirstToAnswerWinsAndTheSecondIsInterruptedAndWaitedFor() throws InterruptedException {
        Guard guard = experienced();
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
        assertThat(guard.statistics().hedgesWon()).isZero();
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
        slowly(poor); // a budget begins with one
        slowly(poor);
        assertThat(poor.statistics().hedges()).isEqualTo(1);
    }

    private static void slowly(Guard guard) {
        guard.call(() -> {
            long end = System.nanoTime() + 20_000_000;
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
            return "slow";
        });
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
