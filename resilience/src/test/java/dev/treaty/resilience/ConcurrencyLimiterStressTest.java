package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.limit.PermitPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invariants under real threads and a bounded number of calls. */
@Timeout(60)
class ConcurrencyLimiterStressTest {
    private static final List<Priority> PRIORITIES = List.of(Priority.values());
    private static final int LIMIT = 8;
    private static final int LIMIT_LOW = 3;
    private static final int SHEDDABLE_MAX = 6;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger inFlightMost = new AtomicInteger();
    private final AtomicInteger sheddable = new AtomicInteger();
    private final AtomicInteger sheddableMost = new AtomicInteger();
    private final AtomicInteger letIn = new AtomicInteger();

    private static ConcurrencyLimiter limiter(int limit, int queue, Duration waitMax) {
        var policy = new ConcurrencyPolicy(false, limit, queue, waitMax);
        return new ConcurrencyLimiter(policy, Time.system(), 4);
    }

    private static List<Thread> start(int count, Thread.Builder builder, Runnable body) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(builder.start(body));
        }
        return threads;
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // lets other threads run in between; the result does not depend on it
    private void work(Priority priority) {
        letIn.incrementAndGet();
        inFlightMost.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
        if (priority == Priority.SHEDDABLE) {
            sheddableMost.accumulateAndGet(sheddable.incrementAndGet(), Math::max);
        }
        Thread.yield();
        if (priority == Priority.SHEDDABLE) {
            sheddable.decrementAndGet();
        }
        inFlight.decrementAndGet();
    }

    @Test
    void calls_never_exceed_the_limit_while_limits_change_and_waiting_calls_give_up() throws InterruptedException {
        var limiter = limiter(LIMIT, 4, Duration.ofMillis(1));
        var over = new AtomicBoolean();
        List<Thread> callers = start(24, Thread.ofVirtual(), () -> {
            var random = new SplittableRandom(Thread.currentThread().threadId());
            for (int i = 0; i < 2000; i++) {
                Priority priority = PRIORITIES.get(random.nextInt(3));
                try {
                    if (limiter.acquire(priority, Time.system().nanoTime(), random.nextLong(100_000))) {
                        work(priority);
                        limiter.release();
                    }
                } catch (InterruptedException e) {
                    // no permit was taken; the next call follows
                }
            }
        });
        List<Thread> others = start(1, Thread.ofPlatform(), () -> {
            var random = new SplittableRandom(1);
            while (!over.get()) {
                limiter.change(ConcurrencyPolicy.DEFAULT
                        .withLimit(random.nextInt(LIMIT_LOW, LIMIT + 1))
                        .withQueue(4));
                callers.get(random.nextInt(callers.size())).interrupt();
                Thread.yield();
            }
        });
        join(callers);
        over.set(true);
        join(others);
        assertThat(inFlightMost.get()).isBetween(1, LIMIT);
        assertThat(sheddableMost.get()).isBetween(1, SHEDDABLE_MAX);
        assertNothingIsLost(limiter);
    }

    @Test
    void no_wake_up_is_lost() throws InterruptedException {
        var limiter = limiter(2, 100, Duration.ofSeconds(30));
        join(start(16, Thread.ofVirtual(), () -> {
            for (int i = 0; i < 2000; i++) {
                Priority priority = PRIORITIES.get(i % 2);
                try {
                    if (limiter.acquire(priority, Time.system().nanoTime(), Long.MAX_VALUE)) {
                        work(priority);
                        limiter.release();
                    }
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }));
        assertThat(letIn.get()).isEqualTo(16 * 2000); // a lost wake-up would have been refused at the end of its wait
        assertThat(inFlightMost.get()).isBetween(1, 2);
        assertNothingIsLost(limiter);
    }

    /** Each thread has at most one permit, and there is one for each, but permits move between stripes. */
    @Test
    void no_call_is_refused_below_the_limit() throws InterruptedException {
        int threads = 4;
        int stripes = 2;
        var pool = new PermitPool(threads, stripes);
        var refused = new AtomicInteger();
        join(start(threads, Thread.ofPlatform(), () -> {
            var random = new SplittableRandom(Thread.currentThread().threadId());
            for (int i = 0; i < 300_000; i++) {
                if (pool.take(random.nextInt(stripes))) {
                    pool.put(random.nextInt(stripes), 1);
                } else {
                    refused.incrementAndGet();
                }
            }
        }));
        assertThat(refused.get()).isZero();
        assertThat(pool.available()).isEqualTo(threads);
    }

    private static void assertNothingIsLost(ConcurrencyLimiter limiter) {
        assertThat(limiter.inFlight()).isZero();
        assertThat(limiter.queued()).isZero();
        for (int i = 0; i < limiter.limit(); i++) {
            assertThat(limiter.tryAcquire()).isTrue();
        }
        assertThat(limiter.tryAcquire()).isFalse();
    }
}
