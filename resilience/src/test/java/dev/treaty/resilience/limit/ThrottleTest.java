package dev.treaty.resilience.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.ThrottlePolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThrottleTest {
    private static final long BUCKET = 100_000_000;
    private static final ThrottlePolicy POLICY = new ThrottlePolicy(2, Duration.ofSeconds(1), 5);

    private final ManualTime time = new ManualTime();
    private final RandomGenerator random = new Random(1);

    /** An outcome: the pause before it, and its stripe. */
    record Step(long pause, int stripe, boolean accepted) {}

    /** An outcome and its time. */
    record Outcome(long moment, boolean accepted) {}

    @Provide
    Arbitrary<Step> step() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, 2 * BUCKET),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.of(true, false, false))
                .as(Step::new);
    }

    /** Compares with a simple model that keeps all outcomes and counts those of the last ten buckets. */
    @Property
    void throttles_with_the_probability_of_the_formula(
            @ForAll @Size(max = 150) List<@From("step") Step> steps,
            @ForAll @DoubleRange(min = 1, max = 4) double ratio,
            @ForAll @IntRange(min = 1, max = 10) int callsMin,
            @ForAll long start) {
        long origin = start / 4;
        time.advance(Duration.ofNanos(origin - time.nanoTime()));
        var policy = new ThrottlePolicy(ratio, Duration.ofSeconds(1), callsMin);
        for (int stripes : new int[] {1, 4}) {
            var throttle = new Throttle(policy, time, stripes);
            List<Outcome> outcomes = new ArrayList<>();
            long now = origin;
            for (Step step : steps) {
                now += step.pause;
                throttle.report(step.stripe % stripes, step.accepted, now);
                outcomes.add(new Outcome(now, step.accepted));
                expectAsTheModel(policy, throttle, outcomes, origin, now);
                expectAsTheModel(policy, throttle, outcomes, origin, now + step.pause * 3);
            }
        }
    }

    private static void expectAsTheModel(
            ThrottlePolicy policy, Throttle throttle, List<Outcome> outcomes, long origin, long now) {
        List<Outcome> recent = outcomes.stream()
                .filter(o -> (now - origin) / BUCKET - (o.moment - origin) / BUCKET < 10)
                .toList();
        long requests = recent.size();
        long accepts = recent.stream().filter(Outcome::accepted).count();
        assertThat(throttle.requests(now)).isEqualTo(requests);
        assertThat(throttle.accepts(now)).isEqualTo(accepts);
        double probability = requests < policy.minimumCalls()
                ? 0
                : Math.max(0, (requests - policy.ratio() * accepts) / (requests + 1));
        assertThat(throttle.probability(now)).isEqualTo(probability);
        if (probability == 0) {
            assertThat(throttle.admits(now, new Random(1))).isTrue();
        }
    }

    @Test
    void without_rejections_no_random_number_is_drawn() {
        var throttle = new Throttle(POLICY, time);
        RandomGenerator unused = () -> {
            throw new IllegalStateException("asked");
        };
        for (int i = 0; i < 100; i++) {
            assertThat(throttle.admits(time.nanoTime(), unused)).isTrue();
            throttle.report(true, time.nanoTime());
            time.advance(Duration.ofMillis(10));
        }
        assertThat(throttle.requests(time.nanoTime())).isBetween(90L, 100L);
    }

    /** A service that accepts 100 of 1000 calls a second has to reject about 100 more, not 900. */
    @Test
    void an_overloaded_service_gets_about_twice_the_calls_it_accepts() {
        var throttle = new Throttle(POLICY, time);
        int sent = 0;
        int accepted = 0;
        for (int second = 0; second < 20; second++) {
            int room = 0;
            for (int call = 0; call < 1000; call++) {
                time.advance(Duration.ofMillis(1));
                room += call % 10 == 0 ? 1 : 0;
                if (throttle.admits(time.nanoTime(), random)) {
                    sent += second >= 10 ? 1 : 0;
                    if (room > 0) {
                        room--;
                        accepted += second >= 10 ? 1 : 0;
                        throttle.report(true, time.nanoTime());
                    } else {
                        throttle.report(false, time.nanoTime());
                    }
                }
            }
        }
        assertThat(accepted).isBetween(800, 1000);
        assertThat((double) sent / accepted).isCloseTo(2, within(0.2));
    }

    @Test
    void a_throttled_call_counts_as_a_request_and_not_as_an_accept() {
        var throttle = new Throttle(POLICY, time);
        for (int i = 0; i < 99; i++) {
            throttle.report(false, time.nanoTime());
        }
        assertThat(throttle.probability(time.nanoTime())).isCloseTo(0.99, within(1e-9));
        int held = 0;
        for (int i = 0; i < 1000; i++) {
            held += throttle.admits(time.nanoTime(), random) ? 0 : 1;
        }
        assertThat(held).isBetween(980, 1000);
        assertThat(throttle.requests(time.nanoTime())).isEqualTo(99L + held);
        assertThat(throttle.accepts(time.nanoTime())).isZero();
    }

    /** The clock may start at any value, be negative, and overflow. */
    @ParameterizedTest
    @ValueSource(longs = {-3_600_000_000_000L, 0, 3_600_000_000_000L, Long.MAX_VALUE - 5 * BUCKET})
    void throttles_at_any_clock_value(long start) {
        time.advance(Duration.ofNanos(start));
        var throttle = new Throttle(POLICY, time);
        RandomGenerator unlucky = () -> 0;
        assertThat(throttle.admits(time.nanoTime(), unlucky)).isTrue();
        for (int i = 0; i < 5; i++) {
            throttle.report(false, time.nanoTime());
        }
        throttle.report(false, start - BUCKET); // a late report does not shorten the time of throttling
        assertThat(throttle.admits(time.nanoTime(), unlucky)).isFalse();
        time.advance(Duration.ofNanos(BUCKET * 10 - 1));
        for (int i = 0; i < 5; i++) {
            throttle.report(true, time.nanoTime());
        }
        assertThat(throttle.requests(time.nanoTime())).isGreaterThanOrEqualTo(11);
        time.advance(Duration.ofNanos(1));
        assertThat(throttle.admits(time.nanoTime(), unlucky)).isTrue();
    }

    @Test
    void only_a_random_number_below_the_probability_throttles() {
        var throttle = new Throttle(POLICY, time);
        throttle.report(true, time.nanoTime());
        for (int i = 0; i < 4; i++) {
            throttle.report(false, time.nanoTime());
        }
        assertThat(throttle.probability(time.nanoTime())).isEqualTo(0.5);
        RandomGenerator half = () -> 1L << 63;
        RandomGenerator less = () -> (1L << 63) - 1;
        assertThat(throttle.admits(time.nanoTime(), half)).isTrue();
        assertThat(throttle.admits(time.nanoTime(), less)).isFalse();
    }

    @Test
    void calls_pass_again_when_the_rejections_have_left_the_window() {
        var throttle = new Throttle(POLICY, time);
        for (int i = 0; i < 50; i++) {
            throttle.report(false, time.nanoTime());
        }
        time.advance(Duration.ofNanos(BUCKET * 10 - 1));
        assertThat(throttle.probability(time.nanoTime())).isGreaterThan(0.9);
        time.advance(Duration.ofNanos(1));
        assertThat(throttle.probability(time.nanoTime())).isZero();
        assertThat(throttle.requests(time.nanoTime())).isZero();
    }

    @Test
    void more_than_a_million_calls_in_a_bucket_keep_their_proportions() {
        var throttle = new Throttle(POLICY, time);
        for (int i = 0; i < 3_000_000; i++) {
            throttle.report(0, i % 4 == 0, 0);
        }
        assertThat((double) throttle.accepts(0) / throttle.requests(0)).isCloseTo(0.25, within(0.001));
        assertThat(throttle.probability(0)).isCloseTo(0.5, within(0.002));
        assertThat(throttle.requests(0)).isBetween(1_000_000L, 3_000_000L);
    }

    @Test
    void a_call_with_an_older_reading_of_the_clock_is_counted() {
        var throttle = new Throttle(POLICY, time);
        throttle.report(false, BUCKET);
        throttle.report(false, BUCKET - 1);
        assertThat(throttle.requests(BUCKET)).isEqualTo(2);
        assertThat(throttle.requests(BUCKET * 11 - 1)).isEqualTo(2);
        assertThat(throttle.requests(BUCKET * 11)).isZero();
    }

    @Test
    void a_late_report_removes_no_later_calls_from_the_window() {
        var throttle = new Throttle(POLICY, time, 2);
        throttle.report(0, false, 0);
        throttle.report(1, false, BUCKET * 10);
        throttle.report(1, false, BUCKET * 11);
        throttle.report(0, false, BUCKET * 9);
        assertThat(throttle.requests(BUCKET * 11)).isEqualTo(3);
    }

    /** If a throttle is created while calls run, some of them read the clock long before. */
    @Test
    void calls_older_than_the_throttle_are_counted_or_expire_like_others() {
        var throttle = new Throttle(POLICY, time);
        throttle.report(false, -23 * BUCKET);
        throttle.report(false, -14 * BUCKET);
        assertThat(throttle.requests(0)).isZero();
        throttle.report(false, -1);
        assertThat(throttle.requests(0)).isEqualTo(1);
        assertThat(throttle.requests(BUCKET * 9 - 1)).isEqualTo(1);
        assertThat(throttle.requests(BUCKET * 9)).isZero();
    }

    @Test
    void all_calls_pass_two_seconds_after_an_overload_of_ten_times_the_capacity_W9() {
        var time = new ManualTime();
        var throttle = new Throttle(ThrottlePolicy.DEFAULT, time);
        var random = new Random(5);
        double capacity = 0;
        int throttled = 0;
        for (int milli = 0; milli < 12_000; milli++) {
            boolean overload = milli < 10_000;
            capacity = Math.min(5, capacity + 0.4);
            for (int call = 0; call < (overload ? 4 : milli % 5 == 0 ? 1 : 0); call++) {
                if (throttle.admits(time.nanoTime(), random)) {
                    boolean accepted = capacity >= 1;
                    capacity -= accepted ? 1 : 0;
                    throttle.report(accepted, time.nanoTime());
                } else if (milli >= 11_800) {
                    throttled++;
                }
            }
            time.advance(Duration.ofMillis(1));
        }
        assertThat(throttled).isZero();
    }

    @Test
    void invalid_policies_are_rejected_with_the_accepted_range() {
        assertThat(new ThrottlePolicy(100, Duration.ofDays(1), 1).ratio()).isEqualTo(ThrottlePolicy.RATIO_MAX);
        assertThatThrownBy(() -> new ThrottlePolicy(100.1, Duration.ofSeconds(1), 5))
                .hasMessage("ratio is 100.1: use 1 to 100");
        assertThatThrownBy(() -> new ThrottlePolicy(2, Duration.ofDays(2), 5))
                .hasMessage("window is PT48H: use at most a day");
        assertThatThrownBy(() -> new ThrottlePolicy(0.9, Duration.ofSeconds(1), 5))
                .hasMessage("ratio is 0.9: use 1 to 100");
        assertThatThrownBy(() -> new ThrottlePolicy(Double.NaN, Duration.ofSeconds(1), 5))
                .hasMessage("ratio is NaN: use 1 to 100");
        assertThatThrownBy(() -> new ThrottlePolicy(2, Duration.ofMillis(99), 5))
                .hasMessage("window is PT0.099S: use 100 ms or more");
        assertThatThrownBy(() -> new ThrottlePolicy(2, Duration.ofSeconds(1), 0))
                .hasMessage("minimum-calls is 0: use 1 or more");
    }
}
