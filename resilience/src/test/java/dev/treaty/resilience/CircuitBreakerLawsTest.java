package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.CircuitBreaker.State;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class CircuitBreakerLawsTest {
    private static final int NEVER_IN_ROW = Integer.MAX_VALUE;

    private final ManualTime time = new ManualTime();

    private CircuitBreaker breaker(CircuitBreakerPolicy policy, long seed) {
        return new CircuitBreaker(policy, time, new Random(seed), (_, _, _) -> {});
    }

    /** The breaker opens with the failure or slow call whose share reaches the limit, not sooner or later. */
    @Property
    void the_breaker_opens_exactly_when_a_rate_reaches_its_limit(
            @ForAll @IntRange(min = 1, max = 100) int hundredths,
            @ForAll @IntRange(min = 1, max = 400) int calls,
            @ForAll boolean slow,
            @ForAll boolean byCount) {
        double rate = hundredths / 100.0;
        var policy = CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(NEVER_IN_ROW);
        policy = byCount ? policy.withWindowCalls(1_200) : policy;
        policy = slow
                ? policy.withFailureRate(1, 1).withSlowRate(rate, Duration.ofSeconds(1))
                : policy.withFailureRate(rate, 1);
        // Successes come first, since one failure alone is a share of 1.
        var breaker = breaker(policy, 1);
        for (int i = 0; i < calls; i++) {
            breaker.succeeded(breaker.tryAcquire());
        }
        int bad = 0;
        var limit = BigDecimal.valueOf(hundredths);
        boolean reached = false;
        while (!reached && bad < 2 * calls) {
            assertThat(breaker.state()).isEqualTo(State.CLOSED);
            bad++;
            if (slow) {
                breaker.succeeded(
                        breaker.tryAcquire(),
                        time.nanoTime(),
                        Duration.ofSeconds(1).toNanos());
            } else {
                breaker.failed(breaker.tryAcquire());
            }
            reached = BigDecimal.valueOf(bad)
                            .scaleByPowerOfTen(2)
                            .compareTo(limit.multiply(BigDecimal.valueOf(calls + bad)))
                    >= 0;
        }
        assertThat(breaker.state()).isEqualTo(reached ? State.OPEN : State.CLOSED);
    }

    /** Each open time is twice the previous, with a jitter of an eighth, and none exceeds the maximum. */
    @Property
    void open_times_double_within_jitter_and_maximum(
            @ForAll @LongRange(min = 1, max = 5_000_000_000L) long open,
            @ForAll @LongRange(min = 0, max = 100_000_000_000L) long more,
            @ForAll @IntRange(min = 1, max = 70) int openings,
            @ForAll long seed) {
        long openMax = open + more;
        var breaker = breaker(
                CircuitBreakerPolicy.DEFAULT
                        .withConsecutiveFailures(1)
                        .withOpen(Duration.ofNanos(open), Duration.ofNanos(openMax)),
                seed);
        long expected = open;
        for (int i = 0; i < openings; i++) {
            breaker.failed(breaker.tryAcquire());
            assertThat(breaker.snapshot().timeout()).isEqualTo(Duration.ofNanos(expected));
            long earliest = expected - expected / 8;
            long latest = Math.min(openMax, expected + expected / 8);
            long now = time.nanoTime();
            assertThat(breaker.available(now + earliest - 1)).isFalse();
            assertThat(breaker.available(now + latest)).isTrue();
            time.advance(Duration.ofNanos(latest));
            expected = Math.min(openMax, 2 * expected);
        }
    }

    /**
     * Whatever the trials do, no more of them have a lease than are allowed. The breaker closes with exactly the
     * required number of successes and opens with the first failure, however late they are reported, up to a hundred
     * leases after their start.
     */
    @Property
    void there_are_never_more_trials_than_half_open_calls(
            @ForAll @IntRange(min = 1, max = 5) int trials,
            @ForAll @Size(max = 100) List<@IntRange(max = 99) Integer> steps) {
        Duration lease = Duration.ofSeconds(8);
        var breaker = breaker(
                CircuitBreakerPolicy.DEFAULT
                        .withConsecutiveFailures(1)
                        .withOpen(Duration.ofSeconds(1), lease)
                        .withHalfOpenCalls(trials),
                1);
        breaker.failed(breaker.tryAcquire());
        time.advance(Duration.ofSeconds(2));
        Map<Long, Long> awaited = new HashMap<>(); // the end of the lease, by admission
        int succeeded = 0;
        for (int step : steps) {
            assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
            long now = time.nanoTime();
            long underWay =
                    awaited.values().stream().filter(until -> until > now).count();
            boolean admits = underWay + succeeded < trials;
            assertThat(breaker.available(time.nanoTime())).isEqualTo(admits);
            if (step < 40) {
                long admission = breaker.tryAcquire();
                assertThat(admission != CircuitBreaker.REFUSED).isEqualTo(admits);
                if (admits) {
                    assertThat(awaited.put(admission, now + lease.toNanos())).isNull();
                }
            } else if (step < 60) {
                time.advance(Duration.ofSeconds(step - 40));
            } else if (!awaited.isEmpty()) {
                long admission = awaited.keySet().iterator().next();
                boolean counts = awaited.remove(admission) + 99 * lease.toNanos() > now;
                if (step < 70) {
                    breaker.ignored(admission);
                } else if (step < 95) {
                    breaker.succeeded(admission);
                    succeeded += counts ? 1 : 0;
                    if (succeeded == trials) {
                        assertThat(breaker.state()).isEqualTo(State.CLOSED);
                        return;
                    }
                } else {
                    breaker.failed(admission);
                    if (counts) {
                        assertThat(breaker.state()).isEqualTo(State.OPEN);
                        return;
                    }
                }
            }
        }
    }
}
