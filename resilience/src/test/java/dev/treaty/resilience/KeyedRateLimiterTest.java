package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class KeyedRateLimiterTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final RateLimitPolicy THREE_A_SECOND =
            new RateLimitPolicy(3, Duration.ofSeconds(3), 3, Duration.ZERO, Duration.ZERO);

    private final ManualTime time = new ManualTime();

    private KeyedRateLimiter<String> limiter(int keysMax) {
        return new KeyedRateLimiter<>(THREE_A_SECOND, keysMax, time);
    }

    private static int takeAll(KeyedRateLimiter<String> limiter, String key) {
        int taken = 0;
        while (limiter.tryAcquire(key)) {
            taken++;
        }
        return taken;
    }

    /** A call: the pause before it, its key, its weight, and its longest wait. */
    record Step(long pause, int key, int weight, long waitMax) {}

    /** A call that was admitted, and when. */
    record Grant(long moment, int weight) {}

    @Provide
    Arbitrary<Step> step() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, 150),
                        Arbitraries.integers().between(0, 7),
                        Arbitraries.integers().between(1, 5),
                        Arbitraries.longs().between(0, 100))
                .as(Step::new);
    }

    /** For any number of keys and places, and any age of the readings of the clock. */
    @Property
    void no_key_ever_exceeds_its_burst_and_rate(
            @ForAll @IntRange(min = 1, max = 10) int keysMax,
            @ForAll @IntRange(min = 0, max = 300) int skew,
            @ForAll @Size(max = 200) List<@From("step") Step> steps) {
        var policy = new RateLimitPolicy(1, Duration.ofNanos(50), 5, Duration.ZERO, Duration.ZERO);
        var limiter = new KeyedRateLimiter<Integer>(policy, keysMax, time);
        Map<Integer, List<Grant>> grants = new HashMap<>();
        long now = skew; // the limiter's own clock stays at 0, so it never reads a later moment
        for (Step step : steps) {
            now += step.pause;
            long read = now - (step.waitMax % 3 == 0 ? skew : 0);
            long wait = limiter.reserve(step.key, step.weight, read, step.waitMax);
            if (wait != KeyedRateLimiter.REFUSED) {
                assertThat(wait).isBetween(0L, step.waitMax);
                grants.computeIfAbsent(step.key, _ -> new ArrayList<>()).add(new Grant(read + wait, step.weight));
            }
            assertThat(limiter.keys()).isLessThanOrEqualTo(keysMax);
        }
        grants.values().forEach(of -> expectNeverMore(of, 5, 50));
    }

    private static void expectNeverMore(List<Grant> grants, int burst, long interval) {
        grants.sort(Comparator.comparingLong(Grant::moment));
        for (int first = 0; first < grants.size(); first++) {
            long used = 0;
            for (int last = first; last < grants.size(); last++) {
                used += grants.get(last).weight;
                long length = grants.get(last).moment - grants.get(first).moment;
                assertThat(used * interval).isLessThanOrEqualTo(burst * interval + length);
            }
        }
    }

    /** If each key has a place, it is limited as if it were alone. */
    @Property
    void with_enough_places_each_key_is_limited_like_a_limiter_of_its_own(
            @ForAll @Size(max = 200) List<@From("step") Step> steps) {
        var policy = new RateLimitPolicy(1, Duration.ofNanos(50), 5, Duration.ZERO, Duration.ZERO);
        var limiter = new KeyedRateLimiter<Integer>(policy, 8, time);
        Map<Integer, RateLimiter> alone = new HashMap<>();
        long now = 0;
        for (Step step : steps) {
            now += step.pause;
            assertThat(limiter.reserve(step.key, step.weight, now, step.waitMax))
                    .isEqualTo(alone.computeIfAbsent(step.key, _ -> new RateLimiter(policy, time))
                            .reserve(step.weight, now, step.waitMax));
        }
    }

    @Test
    void an_old_reading_of_the_clock_causes_no_refusal() {
        time.advance(Duration.ofHours(-1)); // a clock may be negative
        var limiter = new KeyedRateLimiter<String>(RateLimitPolicy.DEFAULT.withBurst(1), 10, time);
        long old = time.nanoTime();
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.tryAcquire("a")).isTrue();
            time.advance(Duration.ofMillis(1));
        }
        assertThat(limiter.reserve("a", 1, old, 0)).isZero();
        assertThat(limiter.reserve("a", 1, old, 0)).isEqualTo(KeyedRateLimiter.REFUSED);
    }

    @Test
    void each_key_has_its_own_limit() {
        var limiter = limiter(2);
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        assertThat(takeAll(limiter, "b")).isEqualTo(3);
        time.advance(SECOND);
        assertThat(takeAll(limiter, "a")).isEqualTo(1);
        assertThat(limiter.keys()).isEqualTo(2);
    }

    @Test
    void a_refused_key_is_not_evicted() {
        var limiter = limiter(1);
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        time.advance(SECOND.multipliedBy(3).minusNanos(1));
        assertThat(limiter.tryAcquire("b")).isTrue();
        assertThat(takeAll(limiter, "a")).isEqualTo(2);
    }

    @Test
    void a_key_with_its_whole_burst_is_evicted() {
        var limiter = limiter(1);
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        time.advance(SECOND.multipliedBy(3));
        assertThat(takeAll(limiter, "b")).isEqualTo(3);
        assertThat(limiter.keys()).isEqualTo(1);
        assertThat(takeAll(limiter, "a")).isEqualTo(3); // the shared limit, which no other key uses
    }

    @Test
    void a_key_with_a_place_does_not_use_the_shared_limit() {
        var limiter = limiter(1);
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        time.advance(SECOND.multipliedBy(3));
        assertThat(takeAll(limiter, "b")).isEqualTo(3); // in the place of "a"
        assertThat(takeAll(limiter, "c")).isEqualTo(3); // of the shared limit
    }

    @Test
    void only_keys_with_their_whole_burst_are_evicted() {
        var limiter = limiter(3);
        List.of("a", "b", "c").forEach(key -> takeAll(limiter, key));
        time.advance(SECOND.multipliedBy(3));
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        assertThat(takeAll(limiter, "b")).isEqualTo(3);
        assertThat(takeAll(limiter, "d")).isEqualTo(3); // in the place of "c", the last of three
        assertThat(takeAll(limiter, "e")).isEqualTo(3); // of the shared limit
        time.advance(SECOND.multipliedBy(3));
        assertThat(takeAll(limiter, "d")).isEqualTo(3);
        for (String key : List.of("f", "g", "h")) { // two in the places of "a" and "b", and one by the shared limit
            assertThat(takeAll(limiter, key)).isEqualTo(3);
        }
        assertThat(takeAll(limiter, "i")).isZero();
        assertThat(limiter.keys()).isEqualTo(3);
    }

    /** One clock value marks evicted buckets internally; the clock may pass it all the same. */
    @Test
    void the_limit_of_a_key_holds_at_every_moment_of_the_clock() {
        time.advance(Duration.ofNanos(Long.MIN_VALUE - SECOND.toNanos()));
        var policy = new RateLimitPolicy(1, SECOND, 1, Duration.ZERO, Duration.ZERO);
        var limiter = new KeyedRateLimiter<String>(policy, 1, time);
        assertThat(takeAll(limiter, "a")).isEqualTo(1);
        assertThat(limiter.retryAfterNanos("a", 1, time.nanoTime())).isBetween(SECOND.toNanos(), SECOND.toNanos() + 1);
        time.advance(SECOND.minusNanos(1));
        assertThat(takeAll(limiter, "a")).isZero();
        time.advance(Duration.ofNanos(2));
        assertThat(takeAll(limiter, "a")).isEqualTo(1);
    }

    @Test
    void keys_without_a_place_share_one_limit() {
        var limiter = limiter(1);
        assertThat(takeAll(limiter, "a")).isEqualTo(3);
        assertThat(limiter.tryAcquire("b")).isTrue();
        assertThat(limiter.tryAcquire("c")).isTrue();
        assertThat(takeAll(limiter, "d")).isEqualTo(1);
        assertThat(takeAll(limiter, "b")).isZero();
    }

    @Test
    void the_use_of_the_shared_limit_is_charged_to_a_key_that_gets_a_place() {
        var limiter = limiter(1);
        assertThat(limiter.tryAcquire("a")).isTrue();
        assertThat(takeAll(limiter, "b")).isEqualTo(3);
        time.advance(SECOND); // "a" has its burst again, so "b" gets its place
        assertThat(takeAll(limiter, "b")).isEqualTo(1);
        assertThat(limiter.keys()).isEqualTo(1);
    }

    @Test
    void rejects_invalid_policies_and_sizes() {
        assertThatThrownBy(() -> limiter(0)).hasMessage("keys-max is 0: use 1 or more");
        assertThatThrownBy(() -> limiter(1_000_001)).hasMessage("keys-max is 1000001: use at most 1000000");
        assertThat(takeAll(limiter(1_000_000), "a")).isEqualTo(3);
        assertThatThrownBy(() -> new KeyedRateLimiter<>(THREE_A_SECOND.withWarmUp(SECOND), 5, time))
                .hasMessage("warm-up is PT1S: use none for a limit per key");
        assertThatThrownBy(() -> limiter(1).reserve("a", 4, 0, 0))
                .hasMessage("permits is 4: use 1 to 3, which is the burst");
    }

    /** Threads with new and known keys at one moment: each key gets its burst, the keys without a place share one. */
    @Test
    void concurrent_threads_get_no_more_than_the_limits_of_their_keys()
            throws InterruptedException, ExecutionException {
        int threads = 4;
        for (int round = 0; round < 200; round++) {
            var limiter = limiter(5);
            var start = new CyclicBarrier(threads);
            try (var executor = Executors.newFixedThreadPool(threads)) {
                List<Future<Integer>> results = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    int first = i;
                    results.add(executor.submit(() -> {
                        start.await();
                        int taken = 0;
                        for (int key = 0; key < 20; key++) {
                            taken += takeAll(limiter, "key " + (first + key) % 10);
                        }
                        return taken;
                    }));
                }
                int taken = 0;
                for (Future<Integer> result : results) {
                    taken += result.get();
                }
                assertThat(taken).isEqualTo(5 * 3 + 3);
            }
        }
    }

    /** Threads evict each other's keys: no key is evicted while a thread takes its permits. */
    @Test
    void concurrent_evictions_exceed_no_limit() throws InterruptedException, ExecutionException {
        int threads = 4;
        var policy = new RateLimitPolicy(1, Duration.ofNanos(1000), 1, Duration.ZERO, Duration.ZERO);
        var limiter = new KeyedRateLimiter<Integer>(policy, 1, time);
        var moment = new CyclicBarrier(threads, () -> time.advance(Duration.ofNanos(1000)));
        try (var executor = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int key = i % 2;
                results.add(executor.submit(() -> {
                    int taken = 0;
                    for (int step = 0; step < 5000; step++) {
                        moment.await();
                        taken += limiter.tryAcquire(key) ? 1 : 0;
                    }
                    return taken;
                }));
            }
            int even = results.get(0).get() + results.get(2).get();
            int odd = results.get(1).get() + results.get(3).get();
            assertThat(even).isBetween(1, 5000);
            assertThat(odd).isBetween(1, 5000);
        }
    }

    @Test
    void an_array_is_no_key_B3() {
        var limiter = new KeyedRateLimiter<byte[]>(RateLimitPolicy.perSecond(1), 10, time);
        assertThatThrownBy(() -> limiter.tryAcquire(new byte[] {1}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("an array is no key");
    }

    @Test
    void keys_whose_hash_codes_change_take_no_more_than_the_places_B3() {
        final class Changing {
            private int hash;

            @Override
            public int hashCode() {
                return hash++;
            }

            @Override
            public boolean equals(Object other) {
                return this == other;
            }
        }
        var policy = new RateLimitPolicy(1_000, Duration.ofSeconds(1), 1, Duration.ZERO, Duration.ZERO);
        var limiter = new KeyedRateLimiter<Object>(policy, 10, time);
        for (int i = 0; i < 1_000; i++) {
            limiter.tryAcquire(new Changing());
            time.advance(Duration.ofSeconds(1));
        }
        assertThat(limiter.keys()).isLessThanOrEqualTo(10);
        assertThat(limiter.tryAcquire("key")).isTrue();
        assertThat(limiter.tryAcquire("key")).isFalse();
    }
}
