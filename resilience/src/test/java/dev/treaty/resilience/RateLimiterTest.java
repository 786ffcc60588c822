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
    void admits_a_burst_and_then_one_call_at_a_time() {
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
    void an_old_reading_of_the_clock_causes_no_refusal() {
        time.advance(Duration.ofHours(-1)); // a clock may be negative
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
    void reservations_are_granted_in_the_order_of_asking() {
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
    void acquire_waits_for_its_permits() throws InterruptedException {
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
    void very_low_and_very_high_rates_do_not_overflow() {
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
    void rejects_weights_beyond_the_burst() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(3), time);
        assertThatThrownBy(() -> limiter.tryAcquire(4)).hasMessage("permits is 4: use 1 to 3, which is the burst");
        assertThatThrownBy(() -> limiter.retryAfterNanos(0, 0))
                .hasMessage("permits is 0: use 1 to 3, which is the burst");
    }

    @Test
    void invalid_policies_are_rejected_with_the_accepted_range() {
        RateLimitPolicy policy = RateLimitPolicy.DEFAULT;
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(0)).hasMessage("permits is 0: use 1 or more");
        assertThatThrownBy(() -> policy.withBurst(0)).hasMessage("burst is 0: use 1 or more");
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(1_000_000_001))
                .hasMessage("permits is 1000000001 in PT1S: use at most one per nanosecond");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ZERO, 1, Duration.ZERO, Duration.ZERO))
                .hasMessage("per is PT0S: use more than zero");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ofDays(2), 1, Duration.ZERO, Duration.ZERO))
                .hasMessage("per is PT48H: use at most a day");
        assertThatThrownBy(() -> RateLimitPolicy.perSecond(1_000_001).withWarmUp(SECOND))
                .hasMessage("permits is 1000001 in PT1S: use at most one per microsecond with a warm-up");
        assertThatThrownBy(() -> new RateLimitPolicy(1, Duration.ofDays(1), 3651, Duration.ZERO, Duration.ZERO))
                .hasMessage("burst is 3651: use less, as it would take over 3650 days to fill at 1 in PT24H");
        assertThatThrownBy(() -> policy.withWaitMax(Duration.ofMillis(-1)))
                .hasMessage("wait-max is PT-0.001S: use zero or more");
        assertThatThrownBy(() -> policy.withWarmUp(Duration.ofDays(2)))
                .hasMessage("warm-up is PT48H: use at most a day");
        assertThat(RateLimitPolicy.perSecond(5).burst()).isEqualTo(1);
    }

    @Test
    void a_call_with_the_weight_of_the_burst_passes_a_cold_limiter() {
        var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withWarmUp(SECOND), time);
        assertThat(limiter.tryAcquire(100)).isTrue();
        assertThat(limiter.retryAfterNanos(1, time.nanoTime()))
                .isBetween(
                        Duration.ofMillis(170).toNanos(), Duration.ofMillis(210).toNanos());
    }

    /** Creates a limiter whose stripes borrow eight permits at a time, one per microsecond. */
    private RateLimiter striped(int burst) {
        return new RateLimiter(RateLimitPolicy.perSecond(1_000_000).withBurst(burst), time, 2, 8);
    }

    /** Returns the time until the shared line has the whole burst. */
    @Test
    void a_stripe_serves_its_threads_from_its_slice() {
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
    void a_heavier_call_does_not_discard_the_rest_of_a_slice() {
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
    void a_slice_expires_with_time() {
        var limiter = striped(64);
        assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        assertThat(limiter.reserve(0, 4, 5_000, 0)).isZero(); // three are left, so these are taken from the shared line
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.retryAfterNanos(64, 5_000)).isEqualTo(7_000);
            assertThat(limiter.reserve(0, 1, 5_000, 0)).isZero();
        }
        assertThat(limiter.retryAfterNanos(64, 5_000)).isEqualTo(7_000);
        assertThat(limiter.reserve(0, 1, 12_000, 0)).isZero();
        assertThat(limiter.retryAfterNanos(64, 12_000)).isEqualTo(8_000);
    }

    @Test
    void a_slice_is_not_available_to_an_older_reading_of_the_clock() {
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
    void only_high_rates_with_large_bursts_have_stripes() {
        var policy = RateLimitPolicy.perSecond(10_000).withBurst(256);
        assertThat(RateLimiter.stripes(policy, 4)).isEqualTo(4);
        assertThat(RateLimiter.stripes(policy, 1)).isZero();
        assertThat(RateLimiter.stripes(policy.withBurst(255), 4)).isZero();
        assertThat(RateLimiter.stripes(policy.withWarmUp(SECOND), 4)).isZero();
        assertThat(RateLimiter.stripes(RateLimitPolicy.perSecond(9_999).withBurst(256), 4))
                .isZero();
        // A thousand permits at one per nanosecond expire within a microsecond.
        var frequent = RateLimitPolicy.perSecond(1_000_000_000);
        assertThat(RateLimiter.stripes(frequent.withBurst(32_000), 4)).isEqualTo(4);
        assertThat(RateLimiter.stripes(frequent.withBurst(31_999), 4)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void all_stripes_together_borrow_at_most_an_eighth_of_the_burst(int stripes) {
        for (int burst : new int[] {64, 1000, 123_456}) {
            int borrowed = stripes * RateLimiter.slicePermits(RateLimitPolicy.DEFAULT.withBurst(burst), stripes);
            assertThat(borrowed).isBetween(burst / 8 - stripes + 1, burst / 8);
        }
    }

    /** Idle times for which the number of permits that fit into them overflows an int in both directions. */
    @ParameterizedTest
    @ValueSource(longs = {1_000, 2_500, 3_600, 5_000, 7_200, 86_400})
    void an_idle_stripe_lends_no_permits(long idleSeconds) {
        var limiter = striped(64);
        time.advance(Duration.ofSeconds(idleSeconds));
        long now = time.nanoTime();
        int taken = 0;
        for (int i = 0; i < 200; i++) {
            taken += limiter.reserve(1, 1, now, 0) == 0 ? 1 : 0;
        }
        assertThat(taken).isEqualTo(64);
    }

    /** Four threads take all permits: in any interleaving exactly the burst. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void concurrent_threads_get_exactly_the_burst(int stripes) throws InterruptedException, ExecutionException {
        for (int round = 0; round < 200; round++) {
            var limiter = new RateLimiter(RateLimitPolicy.DEFAULT.withBurst(1000), time, stripes, 30);
            assertThat(together(4, _ -> takeAll(limiter))).isEqualTo(1000);
        }
    }

    /** A second in a thousand steps; in each, four threads take all permits that they get. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void concurrent_threads_get_the_rate_within_two_percent(int stripes)
            throws InterruptedException, ExecutionException {
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
    void on_the_system_clock_many_threads_are_served_from_stripes() throws InterruptedException, ExecutionException {
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
