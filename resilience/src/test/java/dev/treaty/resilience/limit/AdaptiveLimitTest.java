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

/** Each algorithm in front of a server whose capacity is known: forty workers, three times the calls they can serve. */
class AdaptiveLimitTest {
    private static final int WORKERS = 40;
    private static final int OVERLOAD = 3;
    private static final Duration SERVICE = Duration.ofMillis(50);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** AIMD hears of overload only where the server drops calls; the others are to do without. */
    private static OverloadedServer server(Algorithm algorithm) {
        int backlogMax = algorithm == Algorithm.AIMD ? WORKERS / 2 : 100_000;
        return new OverloadedServer(ConcurrencyPolicy.adaptive(algorithm), WORKERS, backlogMax);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void findsTheCapacity(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        Report found = server.run(MINUTE);
        assertThat(found.goodput()).isGreaterThan(0.98);
        assertThat(found.slowness()).isLessThan(1.7);
        assertThat(found.limit()).isBetween(WORKERS, WORKERS * 7 / 4);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void recoversFromASlowPhase(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        server.serves(SERVICE.multipliedBy(5), OVERLOAD).run(MINUTE);
        Report slow = server.run(MINUTE);
        assertThat(slow.goodput()).as("slow for good is the new baseline").isGreaterThan(0.95);
        server.serves(SERVICE, OVERLOAD).run(MINUTE.dividedBy(4));
        Report after = server.run(MINUTE);
        assertThat(after.goodput()).isGreaterThan(0.98);
        assertThat(after.slowness()).isLessThan(3);
        server.run(MINUTE.multipliedBy(10));
        assertThat(server.run(MINUTE).slowness())
                .as("the baseline was measured anew")
                .isLessThan(1.7);
    }

    @ParameterizedTest
    @EnumSource(names = {"VEGAS", "GRADIENT2"})
    void learnsThatAServiceIsALittleSlowerForGood(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        server.serves(SERVICE.multipliedBy(7).dividedBy(4), OVERLOAD).run(MINUTE.multipliedBy(12));
        Report learnt = server.run(MINUTE);
        assertThat(learnt.goodput()).isGreaterThan(0.98);
        assertThat(learnt.slowness()).isLessThan(1.7);
    }

    @ParameterizedTest
    @EnumSource(names = {"VEGAS", "GRADIENT2"})
    void anOverloadThatLastsDoesNotBecomeTheBaseline(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(Duration.ofSeconds(1), OVERLOAD);
        for (int hour = 0; hour < 4; hour++) {
            Report report = server.run(Duration.ofHours(1));
            assertThat(report.goodput()).isGreaterThan(0.98);
            assertThat(report.slowness()).isLessThan(1.75);
            assertThat(server.limiter().snapshot().baseline().orElseThrow()).isLessThan(Duration.ofMillis(1250));
        }
    }

    /** So that the test above proves something: Gradient2 as it was, with an average that nothing bounds. */
    @Test
    void theSameOverloadCarriesAnUnboundedAverageAway() {
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
    void leavesAServiceAloneThatTurnsNobodyAway(Algorithm algorithm) {
        OverloadedServer server = server(algorithm).serves(SERVICE, OVERLOAD);
        server.run(MINUTE);
        int found = server.limiter().limit();
        server.serves(SERVICE, 0.3).run(MINUTE.multipliedBy(30));
        assertThat(server.limiter().limit()).isCloseTo(found, Offset.offset(WORKERS / 4));
    }

    /** Ten calls of that long, of which so many are dropped, and a window's end. */
    private static void window(ConcurrencyLimiter limiter, ManualTime time, Duration took, int drops) {
        time.advance(SampleWindow.LENGTH);
        for (int i = 0; i < SampleWindow.CALLS_MIN; i++) {
            assertThat(limiter.tryAcquire()).isTrue();
            limiter.release(time.nanoTime() - took.toNanos(), time.nanoTime(), i < drops);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FIXED")
    void givesWayWhereCallsAreDropped(Algorithm algorithm) {
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

    /** A window of calls that took so many milliseconds on average, of which so many were under way. */
    private static Sample window(double millis, double inFlight) {
        return new Sample(100, 0, millis * 1e6, inFlight);
    }

    /** A limit of 100 that is not reached, and has learnt that calls take 100 ms. */
    private static AdaptiveLimit hundred(Algorithm algorithm) {
        var limit = new AdaptiveLimit(ConcurrencyPolicy.adaptive(algorithm).withLimit(100), new SampleWindow(1, 0));
        for (int i = 0; i < 10; i++) {
            assertThat(limit.next(window(100, 30), false)).isEqualTo(100);
        }
        return limit;
    }

    @Test
    void aimdTakesVerySlowCallsForDropped() {
        AdaptiveLimit limit = hundred(Algorithm.AIMD);
        assertThat(limit.next(window(5000, 30), false)).isEqualTo(100);
        assertThat(limit.next(window(5001, 30), false)).isEqualTo(90);
        assertThat(limit.reason()).isEqualTo("100 to 90: calls took 5001.00 ms");
    }

    @Test
    void aLimitRisesOnceHalfOfItIsInUseOrCallsAreTurnedAway() {
        AdaptiveLimit limit = hundred(Algorithm.AIMD);
        assertThat(limit.next(window(100, 49.9), false)).isEqualTo(100);
        assertThat(limit.next(window(100, 50), false)).isEqualTo(101);
        assertThat(limit.reason()).isEqualTo("100 to 101: no call was dropped");
        assertThat(limit.next(window(100, 1), true)).isEqualTo(102);
    }

    /** A step of a limit of 100 is two: up to one step, three steps, six steps. */
    @ParameterizedTest
    @CsvSource({"1, 112", "2, 112", "3, 102", "5, 102", "6, 100", "12, 100", "13, 98", "50, 98"})
    void vegasMovesTheLimitByTheLengthOfTheQueue(int queue, int expected) {
        double millis = 100 / (1 - (queue - 0.5) / 100);
        assertThat(hundred(Algorithm.VEGAS).next(window(millis, 100), false)).isEqualTo(expected);
    }

    @Test
    void gradient2LowersTheLimitWhereCallsAreSlowerThanItToleratesAndSaysWhy() {
        AdaptiveLimit limit = hundred(Algorithm.GRADIENT2);
        assertThat(limit.next(window(149, 100), false)).isEqualTo(100);
        assertThat(limit.next(window(149, 100), false)).isEqualTo(101);
        assertThat(limit.next(window(300, 100), false)).isEqualTo(91);
        assertThat(limit.reason()).isEqualTo("101 to 91: calls took 300.00 ms, and 100.99 ms where they do not queue");
    }

    @ParameterizedTest
    @CsvSource({"25, 120, 130", "25.1, 100, 101"})
    void thatAServiceIsSlowerIsBelievedWhereSoFewAreUnderWayThatNoneQueues(
            double inFlight, int leastMillis, int mostMillis) {
        AdaptiveLimit limit = hundred(Algorithm.VEGAS);
        limit.next(window(200, inFlight), false);
        assertThat(limit.baseline().orElseThrow())
                .as("calls that had queued may still have ended")
                .isLessThan(Duration.ofMillis(101));
        limit.next(window(200, inFlight), false);
        assertThat(limit.baseline().orElseThrow())
                .isBetween(Duration.ofMillis(leastMillis), Duration.ofMillis(mostMillis));
    }

    @Test
    void whereCallsAreTurnedAwayForLongTheBaselineIsMeasuredAnewAtTheLeastLimit() {
        AdaptiveLimit limit = hundred(Algorithm.VEGAS);
        for (int i = 1; i < AdaptiveLimit.BASELINE_WINDOWS_MAX; i++) {
            limit.next(window(100, 90), true);
        }
        int before = limit.limit();
        assertThat(before).isGreaterThan(100);
        assertThat(limit.next(window(100, 90), true)).isEqualTo(20);
        assertThat(limit.reason()).isEqualTo(before + " to 20: to measure the baseline anew");
        assertThat(limit.next(window(150, 20), true)).isEqualTo(20);
        assertThat(limit.next(window(120, 20), true)).isEqualTo(before);
        assertThat(limit.reason()).isEqualTo("20 to " + before + ": the baseline was measured anew");
        assertThat(limit.baseline()).contains(Duration.ofMillis(120));
        assertThat(limit.lastSample()).contains(Duration.ofMillis(120));
    }

    @Test
    void keepsWhatItLearntUnderAnotherPolicyOfTheSameAlgorithm() {
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
    void aWindowGoesOnUntilItHoldsEnoughCalls() {
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
    void aWindowHoldsTheShortestAndTheLongestCallsThereAre() {
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
