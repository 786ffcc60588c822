package dev.treaty.resilience.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.ConcurrencyPolicy.Algorithm;
import dev.treaty.resilience.OverloadedServer;
import dev.treaty.resilience.OverloadedServer.Report;
import dev.treaty.resilience.limit.SampleWindow.Sample;
import java.time.Duration;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Each algorithm in front of a server of known capacity: forty workers, and three times the calls they can serve. */
class AdaptiveLimitTest {
    private static final int WORKERS = 40;
    private static final int OVERLOAD = 3;
    private static final Duration SERVICE = Duration.ofMillis(50);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** AIMD detects overload only if the server drops calls; the other algorithms need no drops. */
    private static OverloadedServer server(Algorithm algorithm) {
        int backlogMax = algorithm == Algorithm.AIMD ? WORKERS / 2 : 100_000;
        return new OverloadedServer(ConcurrencyPolicy.adaptive(algorithm), WORKERS, backlogMax);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void finds_the_capacity(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        Report found = server.run(MINUTE);
        assertThat(found.goodput()).isGreaterThan(0.98);
        assertThat(found.slowness()).isLessThan(1.7);
        assertThat(found.limit()).isBetween(WORKERS, WORKERS * 7 / 4);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void recovers_from_a_slow_phase(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        server.serves(SERVICE.multipliedBy(5), OVERLOAD).run(MINUTE);
        Report slow = server.run(MINUTE);
        assertThat(slow.goodput()).as("the higher latency is the new baseline").isGreaterThan(0.95);
        server.serves(SERVICE, OVERLOAD).run(MINUTE.dividedBy(4));
        Report after = server.run(MINUTE);
        assertThat(after.goodput()).isGreaterThan(0.98);
        assertThat(after.slowness()).isLessThan(3);
        server.run(MINUTE.multipliedBy(10));
        assertThat(server.run(MINUTE).slowness())
                .as("the baseline was measured again")
                .isLessThan(1.7);
    }

    @ParameterizedTest
    @EnumSource(names = {"VEGAS", "GRADIENT2"})
    void learns_that_a_service_has_become_slightly_slower(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        server.serves(SERVICE.multipliedBy(7).dividedBy(4), OVERLOAD).run(MINUTE.multipliedBy(12));
        Report learnt = server.run(MINUTE);
        assertThat(learnt.goodput()).isGreaterThan(0.98);
        assertThat(learnt.slowness()).isLessThan(1.7);
    }

    @ParameterizedTest
    @EnumSource(names = {"VEGAS", "GRADIENT2"})
    void a_lasting_overload_does_not_become_the_baseline(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(Duration.ofSeconds(1), OVERLOAD);
        for (int hour = 0; hour < 4; hour++) {
            Report report = server.run(Duration.ofHours(1));
            assertThat(report.goodput()).isGreaterThan(0.98);
            assertThat(report.slowness()).isLessThan(1.75);
            assertThat(server.limiter().snapshot().baseline().orElseThrow()).isLessThan(Duration.ofMillis(1250));
        }
    }

    /** Proves that the test above can fail: the original Gradient2, with an unbounded average. */
    @Test
    void the_same_overload_raises_an_unbounded_average() {
        var server = new OverloadedServer(ConcurrencyPolicy.fixed(20), WORKERS, 100_000);
        server.serves(Duration.ofSeconds(1), OVERLOAD);
        double average = 1;
        double limit = 20;
        for (int second = 0; second < 4 * 3600; second++) {
            double slowness = server.run(Duration.ofSeconds(1)).slowness();
            if (slowness > 0) {
                average += 2.0 / 601 * (slowness - average);
                double goal = limit * Math.clamp(1.5 * average / slowness, 0.5, 1) + 4;
                limit = Math.clamp(0.8 * limit + 0.2 * goal, 20, 1000);
                server.limiter().change(ConcurrencyPolicy.fixed((int) limit));
            }
        }
        assertThat(limit).isGreaterThan(10 * WORKERS);
        assertThat(average).isGreaterThan(10);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void a_limiter_that_refuses_no_call_keeps_its_limit(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        int found = server.limiter().limit();
        server.serves(SERVICE, 0.3).run(MINUTE.multipliedBy(30));
        assertThat(server.limiter().limit()).isCloseTo(found, Offset.offset(WORKERS / 4));
    }

    /** Ends a window of ten calls, some of which are dropped. */
    private static void window(ConcurrencyLimiter limiter, ManualTime time, Duration took, int drops) {
        time.advance(SampleWindow.LENGTH);
        for (int i = 0; i < SampleWindow.CALLS_MIN; i++) {
            assertThat(limiter.tryAcquire()).isTrue();
            limiter.release(time.nanoTime() - took.toNanos(), time.nanoTime(), i < drops);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void every_algorithm_lowers_the_limit_if_calls_are_dropped(Algorithm algorithm) {
        var time = new ManualTime();
        var limiter =
                new ConcurrencyLimiter(ConcurrencyPolicy.adaptive(algorithm).withLimit(100), time);
        assertThat(limiter.adaptive()).isTrue();
        window(limiter, time, SERVICE, 0);
        assertThat(limiter.limit()).as("not in use").isEqualTo(100);
        window(limiter, time, SERVICE, 1);
        assertThat(limiter.limit()).isEqualTo(algorithm == Algorithm.VEGAS ? 98 : 90);
        assertThat(limiter.snapshot().reason()).isEqualTo("100 to " + limiter.limit() + ": 1 of 10 calls were dropped");
        for (int i = 0; i < 100; i++) {
            window(limiter, time, SERVICE, 10);
        }
        assertThat(limiter.limit()).isEqualTo(20);
        assertThat(limiter.inFlight()).isZero();
    }

    /** Returns a window with an average latency in milliseconds and a number of running calls. */
    private static Sample window(double millis, double inFlight) {
        return new Sample(100, 0, millis * 1e6, inFlight);
    }

    /** Returns a limit of 100 that is not reached, with a baseline of 100 ms. */
    private static AdaptiveLimit hundred(Algorithm algorithm) {
        var limit = new AdaptiveLimit(ConcurrencyPolicy.adaptive(algorithm).withLimit(100), new SampleWindow(1, 0));
        for (int i = 0; i < 10; i++) {
            assertThat(limit.next(window(100, 30), false)).isEqualTo(100);
        }
        return limit;
    }

    @Test
    void aimd_counts_very_slow_calls_as_dropped() {
        AdaptiveLimit limit = hundred(Algorithm.AIMD);
        assertThat(limit.next(window(5000, 30), false)).isEqualTo(100);
        assertThat(limit.next(window(5001, 30), false)).isEqualTo(90);
        assertThat(limit.reason()).isEqualTo("100 to 90: calls took 5001.00 ms");
    }

    @Test
    void a_limit_rises_if_half_of_it_is_in_use_or_calls_are_refused() {
        AdaptiveLimit limit = hundred(Algorithm.AIMD);
        assertThat(limit.next(window(100, 49.9), false)).isEqualTo(100);
        assertThat(limit.next(window(100, 50), false)).isEqualTo(101);
        assertThat(limit.reason()).isEqualTo("100 to 101: no call was dropped");
        assertThat(limit.next(window(100, 1), true)).isEqualTo(102);
    }

    /** The step of a limit of 100 is two: queues of one step, three steps, six steps. */
    @ParameterizedTest
    @CsvSource({"1, 112", "2, 112", "3, 102", "5, 102", "6, 100", "12, 100", "13, 98", "50, 98"})
    void vegas_moves_the_limit_by_the_length_of_the_queue(int queue, int expected) {
        double millis = 100 / (1 - (queue - 0.5) / 100);
        assertThat(hundred(Algorithm.VEGAS).next(window(millis, 100), false)).isEqualTo(expected);
    }

    @Test
    void gradient2_lowers_the_limit_beyond_its_latency_tolerance_and_gives_the_reason() {
        AdaptiveLimit limit = hundred(Algorithm.GRADIENT2);
        assertThat(limit.next(window(149, 100), false)).isEqualTo(100);
        assertThat(limit.next(window(149, 100), false)).isEqualTo(101);
        assertThat(limit.next(window(300, 100), false)).isEqualTo(91);
        assertThat(limit.reason()).isEqualTo("101 to 91: calls took 300.00 ms, and 100.99 ms without a queue");
    }

    @ParameterizedTest
    @CsvSource({"25, 120, 130", "25.1, 100, 101"})
    void higher_latency_raises_the_baseline_if_too_few_calls_run_to_queue(
            double inFlight, int leastMillis, int mostMillis) {
        AdaptiveLimit limit = hundred(Algorithm.VEGAS);
        limit.next(window(200, inFlight), false);
        assertThat(limit.baseline().orElseThrow())
                .as("calls that had queued may end in this window")
                .isLessThan(Duration.ofMillis(101));
        limit.next(window(200, inFlight), false);
        assertThat(limit.baseline().orElseThrow())
                .isBetween(Duration.ofMillis(leastMillis), Duration.ofMillis(mostMillis));
    }

    @Test
    void after_long_refusals_the_baseline_is_measured_again_at_the_lowest_limit() {
        AdaptiveLimit limit = hundred(Algorithm.VEGAS);
        for (int i = 1; i < AdaptiveLimit.BASELINE_WINDOWS_MAX; i++) {
            limit.next(window(100, 90), true);
        }
        int before = limit.limit();
        assertThat(before).isGreaterThan(100);
        assertThat(limit.next(window(100, 90), true)).isEqualTo(20);
        assertThat(limit.reason()).isEqualTo(before + " to 20: the baseline is being measured again");
        assertThat(limit.next(window(150, 20), true)).isEqualTo(20);
        assertThat(limit.next(window(120, 20), true)).isEqualTo(before);
        assertThat(limit.reason()).isEqualTo("20 to " + before + ": the baseline was measured again");
        assertThat(limit.baseline()).contains(Duration.ofMillis(120));
        assertThat(limit.lastSample()).contains(Duration.ofMillis(120));
    }

    @Test
    void another_policy_of_the_same_algorithm_keeps_what_was_learned() {
        var time = new ManualTime();
        var policy = ConcurrencyPolicy.adaptive(Algorithm.GRADIENT2).withLimit(100);
        var limiter = new ConcurrencyLimiter(policy, time);
        window(limiter, time, SERVICE, 0);
        var baseline = limiter.snapshot().baseline();
        assertThat(baseline).isPresent();
        limiter.change(new ConcurrencyPolicy(Algorithm.GRADIENT2, 10, 10, 60, 0, MINUTE));
        assertThat(limiter.limit()).isEqualTo(60);
        assertThat(limiter.snapshot().baseline()).isEqualTo(baseline);
        limiter.change(ConcurrencyPolicy.adaptive(Algorithm.VEGAS));
        assertThat(limiter.limit()).isEqualTo(20);
        assertThat(limiter.snapshot().baseline()).isEmpty();
        limiter.change(ConcurrencyPolicy.fixed(5));
        assertThat(limiter.limit()).isEqualTo(5);
        assertThat(limiter.adaptive()).isFalse();
    }

    @Test
    void a_window_continues_until_it_has_enough_calls() {
        var window = new SampleWindow(2, 0);
        long end = SampleWindow.LENGTH.toNanos();
        assertThat(window.over(end - 1)).isFalse();
        assertThat(window.over(end)).isTrue();
        for (int i = 0; i < 9; i++) {
            window.add(SERVICE.toNanos(), false);
        }
        assertThat(window.close(end)).isNull();
        window.add(SERVICE.toNanos(), true);
        var sample = window.close(2 * end);
        assertThat(sample.calls()).isEqualTo(9);
        assertThat(sample.drops()).isEqualTo(1);
        assertThat(sample.meanNanos()).isBetween(0.9999 * SERVICE.toNanos(), 1.0 * SERVICE.toNanos());
        assertThat(sample.inFlight()).isBetween(0.2249, 0.225);
        assertThat(window.over(2 * end + 1)).isFalse();
        assertThat(window.close(3 * end)).isNull();
    }

    @Test
    void a_window_holds_the_shortest_and_the_longest_calls() {
        var window = new SampleWindow(1, 0);
        for (int i = 0; i < ConcurrencyPolicy.LIMIT_MAX; i++) {
            window.add(Duration.ofDays(1).toNanos(), false);
        }
        var longest = window.close(1);
        assertThat(longest.calls()).isEqualTo(ConcurrencyPolicy.LIMIT_MAX);
        assertThat(longest.meanNanos()).isBetween(59.9999e9, 60e9);
        for (int i = 0; i < 5_000_000; i++) {
            window.add(-1, false);
        }
        var shortest = window.close(2);
        assertThat(shortest.calls()).isEqualTo(5_000_000);
        assertThat(shortest.meanNanos()).isBetween(98_000.0, 100_000.0);
    }
}
