package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimiterTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime();

    @Test
    void letsABurstThroughAndThenOneAtATime() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(3), time);
        assertThat(limiter.tryAcquire(2)).isTrue();
        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.tryAcquire()).isFalse();
        assertThat(limiter.retryAfterNanos(1, time.nanoTime())).isEqualTo(1_000_000);
        time.advance(Duration.ofNanos(999_999));
        assertThat(limiter.tryAcquire()).isFalse();
        time.advance(Duration.ofNanos(1));
        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.tryAcquire()).isFalse();
    }

    @Test
    void aReadingOfTheClockThatHasGrownOldRefusesNobody() {
        time.advance(Duration.ofHours(-1)); // a clock may well stand below zero
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(1), time);
        long old = time.nanoTime();
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.tryAcquire()).isTrue();
            time.advance(Duration.ofMillis(1));
        }
        assertThat(limiter.reserve(1, old, 0)).isZero();
        assertThat(limiter.reserve(1, old, 0)).isEqualTo(RateLimiter.REFUSED);
    }

    @Test
    void waitsForItsTurnInTheOrderOfAsking() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(1), time);
        long max = Duration.ofMillis(3).toNanos();
        assertThat(limiter.reserve(1, 0, max)).isZero();
        assertThat(limiter.reserve(1, 0, max)).isEqualTo(1_000_000);
        assertThat(limiter.reserve(1, 0, max)).isEqualTo(2_000_000);
        assertThat(limiter.reserve(1, 0, max)).isEqualTo(3_000_000);
        assertThat(limiter.reserve(1, 0, max)).isEqualTo(RateLimiter.REFUSED);
        assertThat(limiter.retryAfterNanos(1, 0)).isEqualTo(4_000_000);
    }

    @Test
    void aloneItWaitsByItself() throws InterruptedException {
        var skipping = new SkippingTime();
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(1), skipping);
        long start = skipping.nanoTime();
        assertThat(limiter.acquire(1, SECOND)).isTrue();
        assertThat(limiter.acquire(1, SECOND)).isTrue();
        assertThat(skipping.nanoTime() - start).isEqualTo(1_000_000);
        assertThat(limiter.acquire(1, Duration.ofNanos(999_999))).isFalse();
        assertThat(skipping.nanoTime() - start).isEqualTo(1_000_000);
    }

    @Test
    void rareAndVeryFrequentPermitsDoNotOverflow() {
        var daily =
                new RateLimiter(new RateLimitPolicy(1, Duration.ofDays(1), 3650, Duration.ZERO, Duration.ZERO), time);
        assertThat(daily.tryAcquire(3650)).isTrue();
        assertThat(daily.retryAfterNanos(3650, time.nanoTime()))
                .isEqualTo(Duration.ofDays(3650).toNanos());
        var frequent = new RateLimiter(
                new RateLimitPolicy(1_000_000_000, SECOND, Integer.MAX_VALUE, Duration.ZERO, Duration.ZERO), time);
        assertThat(frequent.tryAcquire(Integer.MAX_VALUE)).isTrue();
        assertThat(frequent.retryAfterNanos(Integer.MAX_VALUE, time.nanoTime())).isEqualTo(Integer.MAX_VALUE);
        assertThat(frequent.tryAcquire()).isFalse();
        time.advance(Duration.ofNanos(1));
        assertThat(frequent.tryAcquire()).isTrue();
    }

    @Test
    void refusesWhatCanNeverBe() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(3), time);
        assertThatThrownBy(() -> limiter.tryAcquire(4))
                .hasMessage("permits is 4: use 1 to 3, which is all that may go at once");
        assertThatThrownBy(() -> limiter.retryAfterNanos(0, 0))
                .hasMessage("permits is 0: use 1 to 3, which is all that may go at once");
    }

    @Test
    void policiesNameWhatIsWrongAndWhatIsAccepted() {
        RateLimitPolicy policy = RateLimitPolicy.DEFAULT;
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(0)).hasMessage("permits is 0: use 1 or more");
        assertThatThrownBy(() -> policy.withBurst(0)).hasMessage("burst is 0: use 1 or more");
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(1_000_000_001))
                .hasMessage("permits is 1000000001 in PT1S: use at most one a nanosecond");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ZERO, 1, Duration.ZERO, Duration.ZERO))
                .hasMessage("per is PT0S: use more than zero");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ofDays(2), 1, Duration.ZERO, Duration.ZERO))
                .hasMessage("per is PT48H: use at most a day");
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(1_000_001).withWarmUp(SECOND))
                .hasMessage("permits is 1000001 in PT1S: with a warm-up, use at most one a microsecond");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ofDays(1), 3651, Duration.ZERO, Duration.ZERO))
                .hasMessage("burst is 3651: at 1 in PT24H it would take more than 3650 days to fill, use less");
        assertThatThrownBy(() -> policy.withWaitMax(Duration.ofMillis(-1)))
                .hasMessage("wait-max is PT-0.001S: use zero or more");
        assertThatThrownBy(() -> policy.withWarmUp(Duration.ofDays(2)))
                .hasMessage("warm-up is PT48H: use at most a day");
        assertThat(RateLimitPolicy.perSecond(5).burst()).isEqualTo(1);
    }

    @Test
    void aCallAsHeavyAsTheBurstPassesAColdLimiterToo() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withWarmUp(SECOND), time);
        assertThat(limiter.tryAcquire(100)).isTrue();
        assertThat(limiter.retryAfterNanos(1, time.nanoTime()))
                .isBetween(
                        Duration.ofMillis(170).toNanos(), Duration.ofMillis(210).toNanos());
    }

    /** Of stripes that borrow eight permits at a time, one a microsecond. */
    private RateLimiter striped(int burst) {
        return new RateLimiter(RateLimitPolicy.perSecond(1_000_000).withBurst(burst), time, 2, 8);
    }

    /** What is shared is seen by how long the whole burst takes to be there. */
    @Test
    void aStripeServesItsThreadsOutOfWhatItHasBorrowed() {
        time.advance(Duration.ofHours(1));
        long now = time.nanoTime();
        var limiter = striped(64);
        for (int slice = 1; slice <= 8; slice++) {
            for (int permit = 0; permit < 8; permit++) {
                assertThat(limiter.reserve(0, 1, now, 0)).isZero();
                assertThat(limiter.retryAfterNanos(64, now)).isEqualTo(slice * 8_000L);
            }
        }
        assertThat(limiter.reserve(0, 1, now, 0)).isEqualTo(RateLimiter.REFUSED);
        assertThat(limiter.reserve(1, 1, now, 0)).isEqualTo(RateLimiter.REFUSED);
    }

    @Test
    void whatAStripeHasLeftIsNotThrownAwayForACallThatWeighsMore() {
        var limiter = striped(64);
        assertThat(limiter.reserve(0, 7, 0, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 0)).isEqualTo(8_000);
        assertThat(limiter.reserve(0, 2, 0, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 0)).isEqualTo(10_000);
        assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 0)).isEqualTo(10_000);
        assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 0)).isEqualTo(18_000);
    }

    @Test
    void whatAStripeHasBorrowedPassesWithTime() {
        var limiter = striped(64);
        assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        assertThat(limiter.reserve(0, 4, 5_000, 0)).isZero(); // three are left, so this is taken from what is shared
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.retryAfterNanos(64, 5_000)).isEqualTo(7_000);
            assertThat(limiter.reserve(0, 1, 5_000, 0)).isZero();
        }
        assertThat(limiter.retryAfterNanos(64, 5_000)).isEqualTo(7_000);
        assertThat(limiter.reserve(0, 1, 12_000, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 12_000)).isEqualTo(8_000);
    }

    @Test
    void whatIsBorrowedIsNotThereYetForAThreadWhoseClockWasReadBefore() {
        var limiter = striped(16);
        assertThat(limiter.reserve(1, 12, 0, 0)).isZero();
        assertThat(limiter.reserve(0, 1, 4_000, 0)).isZero();
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        }
        assertThat(limiter.reserve(0, 1, 0, 0)).isEqualTo(RateLimiter.REFUSED);
        for (int i = 0; i < 4; i++) {
            assertThat(limiter.reserve(0, 1, 4_000, 0)).isZero();
        }
        assertThat(limiter.reserve(0, 1, 4_000, 0)).isEqualTo(RateLimiter.REFUSED);
    }

    @Test
    void thereAreStripesOnlyWhereThreadsWouldContendAndPartsAreWorthBorrowing() {
        var policy = RateLimitPolicy.perSecond(10_000).withBurst(256);
        assertThat(RateLimiter.stripes(policy, 4)).isEqualTo(4);
        assertThat(RateLimiter.stripes(policy, 1)).isZero();
        assertThat(RateLimiter.stripes(policy.withBurst(255), 4)).isZero();
        assertThat(RateLimiter.stripes(policy.withWarmUp(SECOND), 4)).isZero();
        assertThat(RateLimiter.stripes(RateLimitPolicy.perSecond(9_999).withBurst(256), 4))
                .isZero();
        // A thousand permits at one a nanosecond pass within a microsecond.
        var frequent = RateLimitPolicy.perSecond(1_000_000_000);
        assertThat(RateLimiter.stripes(frequent.withBurst(32_000), 4)).isEqualTo(4);
        assertThat(RateLimiter.stripes(frequent.withBurst(31_999), 4)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void allStripesTogetherBorrowAtMostAnEighthOfTheBurst(int stripes) {
        for (int burst : new int[] {64, 1000, 123_456}) {
            int borrowed = stripes * RateLimiter.slicePermits(RateLimitPolicy.DEFAULT.withBurst(burst), stripes);
            assertThat(borrowed).isBetween(burst / 8 - stripes + 1, burst / 8);
        }
    }

    /** Idle times are chosen so that the count of permits that would have fit into them has every sign as an int. */
    @ParameterizedTest
    @ValueSource(longs = {1_000, 2_500, 3_600, 5_000, 7_200, 86_400})
    void aStripeThatNobodyHasUsedForLongLendsNothing(long idleSeconds) {
        var limiter = striped(64);
        time.advance(Duration.ofSeconds(idleSeconds));
        long now = time.nanoTime();
        int taken = 0;
        for (int i = 0; i < 200; i++) {
            taken += limiter.reserve(1, 1, now, 0) == 0 ? 1 : 0;
        }
        assertThat(taken).isEqualTo(64);
    }

    /** Four threads take all there is; whatever the interleaving, all of the burst goes and not a permit more. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void threadsGetTheWholeBurstAndNoMore(int stripes) throws InterruptedException, ExecutionException {
        for (int round = 0; round < 200; round++) {
            var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(1000), time, stripes, 30);
            assertThat(together(4, _ -> takeAll(limiter))).isEqualTo(1000);
        }
    }

    /** A second in a thousand steps; in each, four threads take what they can. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void threadsGetTheRateWithinTwoPercent(int stripes) throws InterruptedException, ExecutionException {
        int steps = 1000;
        var policy = RateLimitPolicy.perSecond(100_000).withBurst(2_000);
        var limiter = new RateLimiter(policy, time, stripes, 60);
        assertThat(limiter.tryAcquire(2_000)).isTrue();
        var barrier = new CyclicBarrier(4, () -> time.advance(SECOND.dividedBy(steps)));
        long taken = together(4, _ -> {
            int mine = 0;
            for (int step = 0; step < steps; step++) {
                barrier.await();
                mine += takeAll(limiter);
            }
            return mine;
        });
        assertThat(taken).isBetween(98_000L, 100_000L);
    }

    @Test
    void theMachinesTimeServesManyThreadsFromStripes() throws InterruptedException, ExecutionException {
        var policy = new RateLimitPolicy(1_000, Duration.ofDays(1), 100_000, Duration.ZERO, Duration.ZERO);
        var limiter = new RateLimiter(policy, Time.system());
        assertThat(together(4, _ -> takeAll(limiter))).isBetween(100_000L, 100_100L);
        var frequent = new RateLimiter(RateLimitPolicy.perSecond(1_000_000_000), Time.system());
        assertThat(together(4, _ -> {
                    int taken = 0;
                    for (int i = 0; i < 100_000; i++) {
                        taken += frequent.tryAcquire() ? 1 : 0;
                    }
                    return taken;
                }))
                .isEqualTo(400_000);
    }

    private static int takeAll(RateLimiter limiter) {
        int taken = 0;
        while (limiter.tryAcquire()) {
            taken++;
        }
        return taken;
    }

    private interface Work {
        int run(int thread) throws Exception;
    }

    private static long together(int threads, Work work) throws InterruptedException, ExecutionException {
        var start = new CyclicBarrier(threads);
        try (var executor = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                results.add(executor.submit(() -> {
                    start.await();
                    return work.run(thread);
                }));
            }
            long sum = 0;
            for (Future<Integer> result : results) {
                sum += result.get();
            }
            return sum;
        }
    }
}
