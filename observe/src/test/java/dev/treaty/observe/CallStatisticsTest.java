package dev.treaty.observe;

import static dev.treaty.observe.Traffic.ORDERS;
import static dev.treaty.observe.Traffic.ended;
import static dev.treaty.observe.Traffic.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.treaty.core.event.Side;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;

class CallStatisticsTest {
    /** With two significant digits the width of a cell is 1/128 at most; latencies are rounded to a microsecond. */
    private static double tolerance(double millis) {
        return millis / 128 + 0.001;
    }

    @Provide
    Arbitrary<List<Long>> latencies() {
        var nanos = Arbitraries.longs().between(0, 600_000_000_000L).withDistribution(RandomDistribution.biased());
        return nanos.list().ofMinSize(1).ofMaxSize(300);
    }

    private static MetricsRecorder recorded(List<Long> nanos) {
        var recorder = new MetricsRecorder(new ManualTime());
        nanos.forEach(latency -> recorder.emit(ended("get", ok(Duration.ofNanos(latency)))));
        return recorder;
    }

    private static CallStatistics total(MetricsRecorder recorder) {
        return recorder.metrics(ORDERS, Side.CLIENT).total();
    }

    @Property(tries = 300)
    void percentiles_are_those_of_the_sorted_latencies(@ForAll("latencies") List<Long> nanos) {
        CallStatistics figures = total(recorded(nanos));
        List<Long> sorted = nanos.stream().sorted().toList();
        assertNear(figures.p50Millis(), rank(sorted, 0.50));
        assertNear(figures.p95Millis(), rank(sorted, 0.95));
        assertNear(figures.p99Millis(), rank(sorted, 0.99));
        assertNear(figures.maxMillis(), rank(sorted, 1));
        double mean = nanos.stream().mapToLong(Long::longValue).average().orElse(0) / 1e6;
        assertNear(figures.averageMillis(), mean);
    }

    private static double rank(List<Long> sorted, double share) {
        int index = (int) Math.ceil(share * sorted.size() - 1e-9) - 1;
        return sorted.get(Math.max(0, index)) / 1e6;
    }

    private static void assertNear(double actual, double expected) {
        assertThat(actual).isCloseTo(expected, within(tolerance(expected)));
    }

    @Property(tries = 300)
    void merged_statistics_equal_those_counted_together(
            @ForAll("latencies") List<Long> some, @ForAll("latencies") List<Long> others) {
        var all = new ArrayList<>(some);
        all.addAll(others);
        CallStatistics merged = CallStatistics.merge(List.of(total(recorded(some)), total(recorded(others))));
        assertThat(merged).isEqualTo(total(recorded(all)));
    }

    @Property
    void each_latency_is_counted_in_its_cell(@ForAll long nanos) {
        int cell = Series.cell(nanos);
        long micros = Math.max(1, (Math.clamp(nanos, 0, StatisticsSum.MICROS_MAX * 1_000) + 500) / 1_000);
        assertThat(Series.micros(cell)).isLessThanOrEqualTo(micros);
        assertThat(Series.micros(cell + 1)).isGreaterThan(micros);
    }

    @Property(tries = 300)
    void a_malformed_histogram_is_rejected(@ForAll("noise") String histogram) {
        var figures = new CallStatistics(1, 1, Map.of(), 1, 0, 0, 0, 0, 0, histogram);
        try {
            CallStatistics.merge(List.of(figures));
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("histogram");
        }
    }

    @Example
    void a_histogram_with_a_damaged_head_is_rejected_or_read() {
        byte[] valid = Base64.getDecoder()
                .decode(total(recorded(List.of(1_000_000L, 5_000_000L))).histogram());
        for (int bit = 0; bit < 40 * 8; bit++) {
            byte[] damaged = valid.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            var figures = new CallStatistics(
                    1, 1, Map.of(), 1, 0, 0, 0, 0, 0, Base64.getEncoder().encodeToString(damaged));
            try {
                assertThat(CallStatistics.merge(List.of(figures)).requests()).isLessThanOrEqualTo(2);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("histogram");
            }
        }
    }

    @Provide
    Arbitrary<String> noise() {
        String valid = total(recorded(List.of(1_000_000L, 5_000_000L))).histogram();
        Arbitrary<String> damaged = Arbitraries.integers()
                .between(0, valid.length() - 1)
                .flatMap(at ->
                        Arbitraries.chars().alpha().map(c -> valid.substring(0, at) + c + valid.substring(at + 1)));
        return Arbitraries.oneOf(
                damaged, Arbitraries.strings().ascii().ofMinLength(1), Arbitraries.just("A".repeat(100_000)));
    }
}
