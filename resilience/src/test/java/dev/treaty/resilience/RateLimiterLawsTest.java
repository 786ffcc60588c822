package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.treaty.core.time.ManualTime;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class RateLimiterLawsTest {
    private static final long SECOND = 1_000_000_000;

    /**
     * A call of a history: the pause before it, its stripe, its weight, and its longest wait.
     */
    record Step(long pause, int stripe, int weight, long waitMax) {}

    /** A call that was admitted, and when. */
    record Grant(long moment, int weight) {}

    @Provide
    Arbitrary<Step> step() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, 300),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(1, 40),
                        Arbitraries.longs().between(0, 400))
                .as(Step::new);
    }

    /** From few permits a second to one per nanosecond, with bursts of any size. */
    @Provide
    Arbitrary<RateLimitPolicy> policy() {
        return Combinators.combine(
                        Arbitraries.integers().between(1, 1_000_000_000),
                        Arbitraries.longs().between(1, Duration.ofDays(1).toNanos()),
                        Arbitraries.integers().between(1, 2000))
                .as((permits, per, burst) -> policy((int) Math.min(permits, per), Math.max(per, 1), burst));
    }

    private static RateLimitPolicy policy(int permits, long per, int burst) {
        return new RateLimitPolicy(permits, Duration.ofNanos(per), burst, Duration.ZERO, Duration.ZERO);
    }

    /** Compares with a bucket that tokens drip into one by one, and that waiting calls may overdraw. */
    @Property
    void behaves_like_a_simple_token_bucket(
            @ForAll @IntRange(min = 1, max = 40) int burst,
            @ForAll @IntRange(min = 1, max = 100) int interval,
            @ForAll @Size(max = 100) List<@From("step") Step> steps) {
        var limiter = new RateLimiter(policy(10, 10L * interval, burst), new ManualTime(), 0, 0);
        long now = 0;
        long room = (long) burst * interval; // the content of the bucket, in nanoseconds of dripping
        for (Step step : steps) {
            now += step.pause;
            room = Math.min((long) burst * interval, room + step.pause);
            int weight = Math.min(step.weight, burst);
            long missing = Math.max(0, (long) weight * interval - room);
            assertThat(limiter.retryAfterNanos(weight, now)).isEqualTo(missing);
            if (missing <= step.waitMax) {
                room -= (long) weight * interval;
                assertThat(limiter.reserve(weight, now, step.waitMax)).isEqualTo(missing);
            } else {
                assertThat(limiter.reserve(weight, now, step.waitMax)).isEqualTo(RateLimiter.REFUSED);
            }
        }
    }

    @Property
    void never_exceeds_burst_and_rate_in_any_interval(
            @ForAll @IntRange(min = 1, max = 300) int burst,
            @ForAll @IntRange(min = 1, max = 100) int interval,
            @ForAll @IntRange(min = 0, max = 40) int slice,
            @ForAll @LongRange(min = 0, max = 500) long skew,
            @ForAll @Size(max = 200) List<@From("step") Step> steps) {
        for (int stripes : new int[] {0, 1, 4}) {
            var limiter = new RateLimiter(policy(1, interval, burst), new ManualTime(), stripes, slice);
            List<Grant> grants = new ArrayList<>();
            long now = 0;
            for (Step step : steps) {
                now += step.pause;
                // Threads read the clock before they call the limiter, so readings may be old.
                long read = now - (step.waitMax % 3 == 0 ? skew : 0);
                int weight = Math.min(step.weight, burst);
                long wait = limiter.reserve(stripes == 0 ? 0 : step.stripe % stripes, weight, read, step.waitMax);
                if (wait != RateLimiter.REFUSED) {
                    assertThat(wait).isBetween(0L, step.waitMax);
                    grants.add(new Grant(read + wait, weight));
                }
            }
            expectNeverMore(grants, burst, interval);
        }
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

    /** For any burst, weight and division of the period into permits. */
    @Property
    void never_exceeds_any_rate(
            @ForAll("policy") RateLimitPolicy policy,
            @ForAll @Size(max = 50) List<@IntRange(max = 2000) Integer> weights) {
        var limiter = new RateLimiter(policy, new ManualTime(), 4, policy.burst() / 32);
        long now = 0;
        BigInteger used = BigInteger.ZERO;
        for (int weight : weights) {
            int w = weight % policy.burst() + 1;
            long wait = limiter.reserve(weight % 4, w, now, Duration.ofDays(1).toNanos());
            if (wait == RateLimiter.REFUSED) {
                long until = limiter.retryAfterNanos(w, now);
                assertThat(until).isGreaterThan(Duration.ofDays(1).toNanos());
                now += until;
                wait = limiter.reserve(weight % 4, w, now, 0);
                assertThat(wait).isZero();
            }
            now += wait;
            used = used.add(BigInteger.valueOf(w));
            BigInteger room = BigInteger.valueOf(policy.burst())
                    .multiply(BigInteger.valueOf(policy.per().toNanos()))
                    .add(BigInteger.valueOf(now).multiply(BigInteger.valueOf(policy.permits())));
            assertThat(used.multiply(BigInteger.valueOf(policy.per().toNanos())))
                    .isLessThanOrEqualTo(room);
        }
    }

    @Property
    void reaches_its_rate_within_two_percent(@ForAll("policy") RateLimitPolicy policy) {
        var limiter = new RateLimiter(policy, new ManualTime(), 0, 0);
        assertThat(limiter.reserve(policy.burst(), 0, 0)).isZero();
        double asked = 10_000.0 * policy.per().toNanos() / policy.permits();
        int weight = Math.min(100, policy.burst());
        long now = 0;
        for (int i = 0; i < 10_000; i += weight) {
            now += limiter.retryAfterNanos(weight, now);
            assertThat(limiter.reserve(weight, now, 0)).isZero();
        }
        double expected = Math.ceilDiv(10_000, weight) * weight / 10_000.0 * asked;
        // The clock has whole nanoseconds: permits that are closer together are granted in groups.
        assertThat((double) now).isCloseTo(expected, within(0.02 * expected + 10_000.0 / weight));
    }

    @Property
    void permits_of_all_stripes_are_available_to_one_call(
            @ForAll @IntRange(min = 32, max = 2000) int burst,
            @ForAll @IntRange(min = 1, max = 8) int slicePermits,
            @ForAll @Size(max = 100) List<@IntRange(max = 3) Integer> stripes) {
        var limiter = new RateLimiter(policy(1, 1000, burst), new ManualTime(), 4, slicePermits);
        int used = 0;
        for (int stripe : stripes) {
            used += limiter.reserve(stripe, 1, 0, 0) == 0 ? 1 : 0;
        }
        // What is left in all stripes is available to one call, and not a permit more.
        if (burst > used) {
            assertThat(limiter.reserve(2, burst - used, 0, 0)).isZero();
        }
        assertThat(limiter.reserve(1, 1, 0, 0)).isEqualTo(RateLimiter.REFUSED);
    }

    @Property
    void a_refusal_takes_no_permit(
            @ForAll @IntRange(min = 64, max = 500) int burst,
            @ForAll @Size(max = 60) List<@IntRange(max = 3) Integer> stripes) {
        var limiter = new RateLimiter(policy(1, 1000, burst), new ManualTime(), 4, 8);
        int used = 1;
        assertThat(limiter.reserve(0, 1, 0, 0)).isZero();
        for (int stripe : stripes) {
            assertThat(limiter.reserve(stripe, burst - used + 1, 0, 0)).isEqualTo(RateLimiter.REFUSED);
            if (used < burst) {
                assertThat(limiter.reserve(stripe, 1, 0, 0)).isZero();
                used++;
            }
        }
        assertThat(limiter.reserve(3, burst - used == 0 ? 1 : burst - used, 0, 0))
                .isEqualTo(burst == used ? RateLimiter.REFUSED : 0);
    }

    @Property(tries = 100)
    void after_idle_time_the_whole_burst_is_available(
            @ForAll @IntRange(min = 64, max = 500) int burst,
            @ForAll @Size(max = 60) List<@IntRange(max = 3) Integer> stripes) {
        var limiter = new RateLimiter(policy(1, 1000, burst), new ManualTime(), 4, 8);
        stripes.forEach(stripe -> limiter.reserve(stripe, 1, 0, 0));
        assertThat(limiter.reserve(1, burst, burst * 1000L, 0)).isZero();
    }

    @Property
    void the_bucket_may_start_at_any_clock_value(@ForAll long start) {
        var time = new ManualTime();
        time.advance(Duration.ofNanos(start));
        var limiter = new RateLimiter(policy(1000, SECOND, 2), time, 0, 0);
        assertThat(limiter.reserve(2, start, 0)).isZero();
        assertThat(limiter.reserve(1, start + 999_999, 0)).isEqualTo(RateLimiter.REFUSED);
        assertThat(limiter.reserve(1, start + 1_000_000, 0)).isZero();
    }

    @Property
    void stripes_may_start_at_any_clock_value(@ForAll long start) {
        var time = new ManualTime();
        time.advance(Duration.ofNanos(start));
        var limiter = new RateLimiter(policy(1000, SECOND, 64), time, 4, 8);
        for (int i = 0; i < 64; i++) {
            assertThat(limiter.reserve(i % 4, 1, start, 0)).isZero();
        }
        for (int stripe = 0; stripe < 4; stripe++) {
            assertThat(limiter.reserve(stripe, 1, start + 999_999, 0)).isEqualTo(RateLimiter.REFUSED);
        }
        assertThat(limiter.reserve(3, 1, start + 1_000_000, 0)).isZero();
    }

    @Property(tries = 50)
    void warms_up_from_a_third_of_its_rate_within_the_warm_up(
            @ForAll @IntRange(min = 10, max = 100_000) int perSecond) {
        var warmUp = Duration.ofNanos(100 * SECOND / perSecond); // a hundred intervals
        var limiter = new RateLimiter(
                new RateLimitPolicy(perSecond, Duration.ofSeconds(1), 1, Duration.ZERO, warmUp), new ManualTime());
        double interval = (double) SECOND / perSecond;
        long now = 0;
        assertThat(limiter.reserve(1, now, 0)).isZero();
        double first = limiter.retryAfterNanos(1, now);
        assertThat(first / interval).isBetween(2.9, 3.0);
        long last = 0;
        for (int i = 0; i < 50; i++) {
            last = limiter.retryAfterNanos(1, now);
            now += last;
            assertThat(limiter.reserve(1, now, 0)).isZero();
        }
        // As in Guava: the permits of half a warm-up take the whole warm-up.
        assertThat((double) now / warmUp.toNanos()).isCloseTo(1, within(0.02));
        assertThat(last / interval).isBetween(1.0, 1.1);
        for (int i = 0; i < 100; i++) {
            long pause = limiter.retryAfterNanos(1, now);
            assertThat(pause / interval).isCloseTo(1, within(0.01));
            now += pause;
            assertThat(limiter.reserve(1, now, 0)).isZero();
        }
        now += 2 * warmUp.toNanos();
        assertThat(limiter.reserve(1, now, 0)).isZero();
        assertThat((double) limiter.retryAfterNanos(1, now)).isCloseTo(first, within(0.01 * first));
    }

    @Property
    void never_exceeds_its_rate_during_warm_up(
            @ForAll @IntRange(min = 1, max = 100) int burst,
            @ForAll @IntRange(min = 1, max = 100) int warmUp,
            @ForAll @Size(max = 200) List<@From("step") Step> steps) {
        var policy =
                new RateLimitPolicy(1, Duration.ofNanos(1000), burst, Duration.ZERO, Duration.ofNanos(warmUp * 1000L));
        var limiter = new RateLimiter(policy, new ManualTime());
        List<Grant> grants = new ArrayList<>();
        long now = 0;
        for (Step step : steps) {
            now += step.pause * 10;
            int weight = Math.min(step.weight, burst);
            long wait = limiter.reserve(weight, now, step.waitMax * 10);
            if (wait != RateLimiter.REFUSED) {
                grants.add(new Grant(now + wait, weight));
            }
        }
        expectNeverMore(grants, burst, 1000);
    }
}
