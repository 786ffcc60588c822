package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private final Load load = new LoadTracker(LoadPolicy.DEFAULT).load();

    private void call(long now, long latency) {
        load.begin();
        load.succeeded(now, latency);
    }

    @Test
    void a_full_instance_looks_slow_and_has_not_failed_W9() {
        load.begin();
        load.refused(0, 0);
        assertThat(load.failures()).isZero();
        assertThat(load.ended()).isEqualTo(1);
        assertThat(load.inFlight()).isZero();
        assertThat(load.latencyNanos(0)).isGreaterThanOrEqualTo(1_000_000);
    }

    @Test
    void counts_calls_in_flight_and_ended_calls() {
        load.begin();
        load.begin();
        load.begin();
        load.succeeded(0, 1);
        load.ignored(0, 1);
        assertThat(load.inFlight()).isEqualTo(1);
        assertThat(load.ended()).isEqualTo(1);
        load.failed(0, 1, 0);
        assertThat(load.inFlight()).isZero();
        assertThat(load.ended()).isEqualTo(2);
        assertThat(load.failures()).isEqualTo(1);
    }

    @Test
    void one_slow_call_sets_the_mean_and_fast_calls_reduce_it() {
        call(0, 5 * MILLI);
        call(MILLI, 400 * MILLI);
        assertThat(load.latencyNanos(MILLI)).isEqualTo(400f * MILLI);
        for (int i = 1; i <= 10_000; i++) {
            call(i * 4L * MILLI, 5 * MILLI);
        }
        assertThat(load.latencyNanos(40 * SECOND)).isBetween(5f * MILLI, 20f * MILLI);
    }

    @Test
    void without_calls_a_latency_decays_to_about_a_third_in_the_decay_time() {
        call(0, 300 * MILLI);
        float after = load.latencyNanos(10 * SECOND) / (300f * MILLI);
        assertThat(after).isCloseTo((float) Math.exp(-1), within(0.02f));
        // A slow first call must not repel calls for minutes.
        assertThat(load.latencyNanos(100 * SECOND)).isLessThan((float) MILLI);
        assertThat(load.latencyNanos(3_600 * SECOND)).isLessThan(1f);
    }

    @Property
    void a_latency_of_any_age_has_decayed_B5(@ForAll @LongRange(min = 4, max = 100_000) long hours) {
        for (long start : new long[] {0, Long.MAX_VALUE - SECOND, -5 * SECOND}) {
            var measured = new LoadTracker(LoadPolicy.DEFAULT).load();
            measured.begin();
            measured.succeeded(start, 10 * SECOND);
            long now = start + hours * 3_600 * SECOND;
            assertThat(measured.latencyNanos(now)).isLessThan(1f);
            measured.begin();
            measured.succeeded(now, 5 * MILLI);
            assertThat(measured.latencyNanos(now)).isEqualTo(5f * MILLI);
        }
    }

    @Test
    void a_slow_instance_is_tried_again_after_weeks_B5() {
        var instances = Instances.of(2, BalancePolicy.DEFAULT, 42);
        for (var peer : instances.peers) {
            instances.begin(peer);
            instances.end(
                    peer,
                    Duration.ofSeconds(peer == instances.peers.get(0) ? 10 : 0).plusMillis(5),
                    true);
        }
        assertThat(instances.picks(1_000)).containsExactly(0, 1_000);
        for (int days : new int[] {26, 53, 417}) {
            instances.time.advance(Duration.ofDays(days));
            var fast = instances.peers.get(1);
            instances.begin(fast);
            instances.end(fast, Duration.ofMillis(5), true);
            assertThat(instances.picks(1_000)[0]).isPositive();
        }
    }

    @Test
    void the_cost_grows_with_the_calls_in_flight() {
        call(0, 10 * MILLI);
        assertThat(load.cost(0)).isEqualTo(10f * MILLI);
        load.begin();
        load.begin();
        assertThat(load.cost(0)).isEqualTo(30f * MILLI);
    }

    @Test
    void one_call_measures_a_new_instance_while_others_avoid_it() {
        assertThat(load.cost(0)).isZero();
        load.begin();
        assertThat(load.cost(0)).isGreaterThan(1e18f);
    }

    @Test
    void a_fast_failure_costs_the_penalty_and_a_retry_delay_its_duration() {
        load.begin();
        load.failed(0, 1, 0);
        assertThat(load.latencyNanos(0)).isEqualTo(1f * SECOND);
        load.begin();
        load.failed(0, 1, Duration.ofSeconds(20).toNanos());
        assertThat(load.latencyNanos(0)).isEqualTo(20f * SECOND);
        load.begin();
        load.failed(0, 1, Duration.ofHours(9).toNanos());
        assertThat(load.latencyNanos(0)).isEqualTo(300f * SECOND);
    }

    @Test
    void an_abandoned_call_counts_with_the_time_that_its_caller_waited() {
        call(0, 5 * MILLI);
        load.begin();
        load.ignored(0, MILLI); // shorter than the mean: no information
        assertThat(load.latencyNanos(0)).isEqualTo(5f * MILLI);
        load.begin();
        load.ignored(0, 800 * MILLI);
        assertThat(load.latencyNanos(0)).isEqualTo(800f * MILLI);
        assertThat(load.ended()).isEqualTo(1);
        // The mean has decayed; a short wait must not reduce it further.
        float faded = load.latencyNanos(5 * SECOND);
        load.begin();
        load.ignored(5 * SECOND, MILLI);
        assertThat(load.latencyNanos(5 * SECOND)).isEqualTo(faded);
        load.begin();
        load.ignored(5 * SECOND, 600 * MILLI);
        assertThat(load.latencyNanos(5 * SECOND)).isBetween(600f * MILLI, 800f * MILLI);
    }

    @Property
    void the_mean_stays_between_the_shortest_and_the_longest_latency(
            @ForAll @LongRange(min = 1, max = 60_000_000_000L) long[] latencies,
            @ForAll @IntRange(min = 0, max = 5_000) int millisBetween) {
        var measured = new LoadTracker(LoadPolicy.DEFAULT).load();
        long now = 0;
        long longest = 0;
        long shortest = Long.MAX_VALUE;
        for (long latency : latencies) {
            now += millisBetween * MILLI;
            measured.begin();
            measured.succeeded(now, latency);
            longest = Math.max(longest, latency);
            shortest = Math.min(shortest, latency);
            assertThat(measured.latencyNanos(now)).isBetween(shortest * 0.999f, longest * 1.001f);
        }
    }
}
