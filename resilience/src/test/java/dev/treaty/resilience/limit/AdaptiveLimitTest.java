package dev.treaty.resilience.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.OverloadedServer;
import dev.treaty.resilience.OverloadedServer.Report;
import java.time.Duration;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The adaptive limit in front of a server of known capacity, in virtual time. */
class AdaptiveLimitTest {
    private static final ConcurrencyPolicy POLICY = ConcurrencyPolicy.adaptive(1000);
    private static final Duration SERVICE = Duration.ofMillis(20);
    private static final int SEEDS = 10;

    private static OverloadedServer server(int workers, Duration service, double overload, int seed) {
        return new OverloadedServer(POLICY, workers, seed).serves(service, overload);
    }

    @ParameterizedTest
    @CsvSource({"8, 20, 10", "40, 50, 3", "40, 50, 10", "100, 10, 10"})
    void overload_costs_little_of_the_capacity_in_any_second_after_the_third_W9(int workers, int millis, int overload) {
        for (int seed = 0; seed < SEEDS; seed++) {
            List<Report> seconds =
                    server(workers, Duration.ofMillis(millis), overload, seed).seconds(20);
            assertThat(seconds.subList(3, 20)).as("seed %d", seed).allSatisfy(second -> {
                assertThat(second.goodput()).isGreaterThan(0.9);
                assertThat(second.slowness()).isLessThan(4);
                assertThat(second.limit()).isLessThan(6 * workers);
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 10, 90", "2, 10, 90", "4, 10, 90", "2, 2, 85", "4, 2, 85"})
    void overload_of_a_few_processors_costs_little_in_any_second_after_the_third_W9(
            int processors, int overload, int percent) {
        for (int seed = 0; seed < SEEDS; seed++) {
            List<Report> seconds =
                    server(processors, SERVICE, overload, seed).computing().seconds(20);
            assertThat(seconds.subList(3, 20))
                    .as("seed %d", seed)
                    .allSatisfy(second -> assertThat(second.goodput()).isGreaterThan(percent / 100.0));
        }
    }

    @Test
    void durations_that_vary_much_do_not_collapse_the_limit_W9() {
        for (int seed = 0; seed < SEEDS; seed++) {
            List<Report> seconds =
                    server(8, SERVICE, 10, seed).withExponentialService().seconds(60);
            double mean = seconds.subList(3, 60).stream()
                    .mapToDouble(Report::goodput)
                    .average()
                    .orElseThrow();
            assertThat(mean).as("seed %d", seed).isGreaterThan(0.85);
        }
    }

    @Test
    void no_call_is_refused_a_second_after_an_overload_W9() {
        for (int seed = 0; seed < SEEDS; seed++) {
            OverloadedServer server = server(8, SERVICE, 10, seed);
            server.seconds(20);
            server.serves(SERVICE, 0.5).seconds(1);
            assertThat(server.seconds(30))
                    .as("seed %d", seed)
                    .allSatisfy(second -> assertThat(second.refused()).isZero());
            assertThat(server.limiter().limit()).as("the overload is forgotten").isEqualTo(1000);
        }
    }

    @Test
    void a_service_that_becomes_slower_is_not_mistaken_for_one_with_a_queue_W9() {
        for (int seed = 0; seed < SEEDS; seed++) {
            OverloadedServer server = server(40, SERVICE, 3, seed);
            server.seconds(10);
            server.serves(SERVICE.multipliedBy(5), 3).seconds(10);
            assertThat(server.run(Duration.ofSeconds(30)).goodput())
                    .as("seed %d", seed)
                    .isGreaterThan(0.9);
            server.serves(SERVICE, 3).seconds(10);
            Report after = server.run(Duration.ofSeconds(30));
            assertThat(after.goodput()).as("seed %d", seed).isGreaterThan(0.9);
            assertThat(after.slowness()).as("seed %d", seed).isLessThan(5);
        }
    }

    @Test
    void a_lasting_overload_does_not_become_the_baseline_W9() {
        OverloadedServer server = server(40, Duration.ofSeconds(1), 3, 1);
        for (int hour = 0; hour < 4; hour++) {
            server.run(Duration.ofHours(1));
            assertThat(server.limiter().snapshot().baseline().orElseThrow())
                    .isBetween(Duration.ofMillis(700), Duration.ofMillis(1500));
            assertThat(server.limiter().limit()).isLessThan(200);
        }
    }

    /** A call of an operation and its end. */
    private record Running(String operation, long started, long ends) implements Comparable<Running> {
        @Override
        public int compareTo(Running other) {
            return Long.compare(ends, other.ends);
        }
    }

    /** Makes calls of 1 ms and of 5 s in turns for a minute, and returns how many were refused. */
    private static int refused(ConcurrencyLimiter limiter, ManualTime time, int slowEvery, boolean oneOperation) {
        var running = new PriorityQueue<Running>();
        int refused = 0;
        for (int call = 0; call < 60 * 200; call++) {
            time.advance(Duration.ofMillis(5));
            while (!running.isEmpty() && running.peek().ends <= time.nanoTime()) {
                Running ended = running.remove();
                boolean late = ended.ends - ended.started > 1_500_000_000L; // as after the default attempt timeout
                limiter.release(ended.operation, ended.started, ended.ends, 0, late);
            }
            boolean slow = call % slowEvery == 0;
            if (limiter.tryAcquire()) {
                long nanos = Duration.ofMillis(slow ? 5_000 : 1).toNanos();
                running.add(new Running(
                        slow && !oneOperation ? "slow" : "quick", time.nanoTime(), time.nanoTime() + nanos));
            } else {
                refused++;
            }
        }
        while (!running.isEmpty()) {
            limiter.release();
            running.remove();
        }
        return refused;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 10, 100})
    void a_mix_of_quick_and_slow_operations_below_the_capacity_is_never_refused_W9(int slowEvery) {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        assertThat(refused(limiter, time, slowEvery, false)).isZero();
        assertThat(limiter.limit()).isEqualTo(1000);
    }

    @Test
    void quick_and_slow_calls_of_one_operation_are_not_refused_either_W9() {
        var time = new ManualTime();
        assertThat(refused(new ConcurrencyLimiter(POLICY, time), time, 10, true))
                .isZero();
    }

    /** Ends a window of ten calls that began one after the other. */
    private static void window(ConcurrencyLimiter limiter, ManualTime time, Duration took, boolean late) {
        window(limiter, time, 1, took, Duration.ZERO, late);
    }

    /** Ends a window of ten calls while a number of calls run. */
    private static void window(
            ConcurrencyLimiter limiter, ManualTime time, int running, Duration took, Duration waited, boolean late) {
        time.advance(Duration.ofSeconds(1));
        while (limiter.inFlight() < running) {
            assertThat(limiter.tryAcquire()).isTrue();
        }
        for (int i = 0; i < AdaptiveLimit.CALLS_MIN; i++) {
            limiter.release("work", time.nanoTime() - took.toNanos(), time.nanoTime(), waited.toNanos(), late);
            limiter.tryAcquire();
        }
    }

    @Test
    void calls_that_are_slow_but_not_late_do_not_lower_a_limit_that_is_not_reached() {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        window(limiter, time, SERVICE, false);
        window(limiter, time, 20, SERVICE.multipliedBy(50), Duration.ZERO, false);
        assertThat(limiter.limit()).isEqualTo(1000);
        window(limiter, time, 20, SERVICE.multipliedBy(50), Duration.ZERO, true);
        assertThat(limiter.limit()).isLessThan(10);
        assertThat(limiter.snapshot().reason())
                .isEqualTo("1000 to " + limiter.limit() + ": calls took 1000.00 ms, and 20.00 ms without a queue");
    }

    @Test
    void a_few_calls_are_no_overload_although_they_are_late_W9() {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        window(limiter, time, SERVICE, false);
        for (int second = 0; second < 100; second++) {
            window(limiter, time, AdaptiveLimit.LIMIT_MIN, SERVICE.multipliedBy(50), Duration.ZERO, true);
        }
        assertThat(limiter.limit()).isEqualTo(1000);
    }

    @Test
    void calls_that_wait_for_another_service_are_not_refused_although_they_are_late_W9() {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        window(limiter, time, SERVICE, false);
        Duration waited = SERVICE.multipliedBy(50);
        for (int second = 0; second < 100; second++) {
            window(limiter, time, 900, waited.plus(SERVICE), waited, true);
        }
        assertThat(limiter.limit()).isEqualTo(1000);
    }

    @Test
    void an_overloaded_service_whose_calls_wait_for_another_keeps_its_workers_busy_W9() {
        for (int seed = 0; seed < SEEDS; seed++) {
            List<Report> seconds =
                    server(8, SERVICE, 3, seed).waiting(Duration.ofMillis(500)).seconds(20);
            assertThat(seconds.subList(5, 20)).as("seed %d", seed).allSatisfy(second -> {
                assertThat(second.goodput()).isGreaterThan(0.9);
                assertThat(second.limit()).as("400 calls/s for 540 ms").isLessThan(400);
            });
        }
    }

    /** Calls arrive at an even rate and are all served at once, within a time that changes. */
    private static long refusedWithoutQueue(Duration before, Duration after, Duration ramp, int callsPerSecond) {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        var running = new PriorityQueue<Running>();
        long changes = time.nanoTime() + Duration.ofSeconds(5).toNanos();
        long refused = 0;
        for (int call = 0; call < 30 * callsPerSecond; call++) {
            time.advance(Duration.ofNanos(1_000_000_000L / callsPerSecond));
            long now = time.nanoTime();
            while (!running.isEmpty() && running.peek().ends <= now) {
                Running ended = running.remove();
                limiter.release(ended.operation, ended.started, ended.ends, 0, false);
            }
            double changed = Math.clamp((double) (now - changes) / ramp.toNanos(), 0, 1);
            long nanos = (long) (before.toNanos() + changed * (after.toNanos() - before.toNanos()));
            if (limiter.tryAcquire()) {
                running.add(new Running("work", now, now + nanos));
            } else {
                refused++;
            }
        }
        return refused;
    }

    @ParameterizedTest
    @CsvSource({"10, 5, 800", "100, 5, 800", "1000, 5, 300", "1000, 1, 800", "2000, 2, 400"})
    void a_service_that_becomes_slower_below_its_capacity_refuses_nothing_W9(int rate, int before, int after) {
        assertThat(refusedWithoutQueue(Duration.ofMillis(before), Duration.ofMillis(after), Duration.ofNanos(1), rate))
                .isZero();
    }

    @Test
    void quick_calls_that_wait_for_a_few_milliseconds_do_not_lower_the_limit_W9() {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        Duration waited = AdaptiveLimit.WAIT_MIN.dividedBy(2);
        window(limiter, time, AdaptiveLimit.WAIT_MIN.dividedBy(100), false);
        for (int round = 0; round < 200; round++) {
            for (int caller = 0; caller < 128; caller++) {
                assertThat(limiter.tryAcquire()).isTrue();
            }
            time.advance(waited);
            for (int caller = 0; caller < 128; caller++) {
                limiter.release("work", time.nanoTime() - waited.toNanos(), time.nanoTime(), 0, false);
            }
        }
        assertThat(limiter.limit()).isEqualTo(1000);
    }

    @Test
    void a_limit_of_quick_calls_allows_as_many_as_wait_for_a_few_milliseconds_W9() {
        OverloadedServer server = server(2, Duration.ofNanos(500_000), 10, 1);
        server.seconds(3);
        int waiting = 2 * (int) (AdaptiveLimit.WAIT_MIN.toNanos() / 500_000);
        assertThat(server.seconds(20))
                .filteredOn(second -> second.limit() > 5)
                .hasSizeGreaterThan(15)
                .allSatisfy(second -> assertThat(second.limit()).isBetween(waiting / 2, 2 * waiting));
    }

    @Test
    void a_window_continues_until_it_has_enough_calls() {
        var limit = new AdaptiveLimit(POLICY, 2, 0);
        long end = AdaptiveLimit.WINDOW.toNanos();
        assertThat(limit.over(end - 1)).isFalse();
        assertThat(limit.over(end)).isTrue();
        for (int i = 1; i < AdaptiveLimit.CALLS_MIN; i++) {
            limit.add("work", 0, end, 0, false);
        }
        assertThat(limit.next(false, 1, end)).isFalse();
        assertThat(limit.baseline()).isEmpty();
        limit.add("work", 0, end, 0, false);
        assertThat(limit.next(false, 1, end)).isTrue();
        assertThat(limit.baseline().orElseThrow()).isBetween(Duration.ofMillis(19), AdaptiveLimit.WINDOW);
        assertThat(limit.over(end + 1)).isFalse();
    }

    @Test
    void another_policy_keeps_what_was_learned() {
        var time = new ManualTime();
        var limiter = new ConcurrencyLimiter(POLICY, time);
        window(limiter, time, SERVICE, false);
        var baseline = limiter.snapshot().baseline();
        assertThat(baseline).isPresent();
        limiter.change(ConcurrencyPolicy.adaptive(60));
        assertThat(limiter.limit()).isEqualTo(60);
        assertThat(limiter.snapshot().baseline()).isEqualTo(baseline);
        limiter.change(ConcurrencyPolicy.fixed(5));
        assertThat(limiter.limit()).isEqualTo(5);
        assertThat(limiter.adaptive()).isFalse();
    }

    @Test
    void the_shortest_and_the_longest_calls_are_summed() {
        var durations = new CallDurations(1);
        for (int i = 0; i < ConcurrencyPolicy.LIMIT_MAX; i++) {
            durations.add(Duration.ofDays(1).toNanos());
        }
        assertThat(durations.sum()).isEqualTo(ConcurrencyPolicy.LIMIT_MAX);
        assertThat(durations.nanos() / ConcurrencyPolicy.LIMIT_MAX).isBetween(59.9999e9, 60e9);
        durations.next();
        for (int i = 0; i < 1_000_000; i++) {
            durations.add(-1);
        }
        assertThat(durations.sum()).isEqualTo(1_000_000);
        assertThat(durations.nanos() / 1e6).isBetween(98_000.0, 100_000.0);
    }
}
