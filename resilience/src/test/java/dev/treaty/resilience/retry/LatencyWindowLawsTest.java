package dev.treaty.resilience.retry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LatencyWindowLawsTest {
    @Property(tries = 300)
    void a_percentile_is_accurate_to_an_eighth(
            @ForAll @Size(min = LatencyWindow.SAMPLES_MIN, max = 200)
                    List<@LongRange(min = 1_024, max = 60_000_000_000L) Long> durations,
            @ForAll @DoubleRange(min = 0.5, max = 0.99) double share) {
        var window = new LatencyWindow(0);
        durations.forEach(duration -> window.add(duration, 1));
        long[] sorted = durations.stream().mapToLong(Long::longValue).sorted().toArray();
        long exact = sorted[(int) Math.ceil(share * sorted.length) - 1];
        assertThat(window.percentileNanos(share)).isBetween(exact, exact + exact / 8 + 1);
    }

    @Test
    void samples_of_both_generations_count_equally() {
        var window = new LatencyWindow(0);
        for (int i = 0; i < LatencyWindow.SAMPLES_MIN; i++) {
            window.add(1_000_000, 9_000_000_000L);
        }
        for (int i = 0; i < LatencyWindow.SAMPLES_MIN; i++) {
            window.add(8_000_000, 11_000_000_000L);
        }
        assertThat(window.percentileNanos(0.5)).isBetween(1_000_000L, 1_125_000L);
        assertThat(window.percentileNanos(0.51)).isBetween(8_000_000L, 9_000_000L);
    }

    @Test
    void durations_outside_the_range_count_as_its_ends() {
        var window = new LatencyWindow(0);
        for (int i = 0; i < LatencyWindow.SAMPLES_MIN; i++) {
            window.add(i % 2 == 0 ? 0 : Long.MAX_VALUE, 1);
        }
        assertThat(window.percentileNanos(0.5)).isBetween(1_000L, 1_200L);
        assertThat(window.percentileNanos(1)).isBetween(1_000_000_000_000L, 1_200_000_000_000L);
    }

    @Test
    void too_few_samples_have_no_percentile_and_old_ones_expire() {
        var window = new LatencyWindow(0);
        for (int i = 1; i < LatencyWindow.SAMPLES_MIN; i++) {
            window.add(1_000_000, 1);
        }
        assertThat(window.percentileNanos(0.5)).isEqualTo(-1);
        window.add(1_000_000, 1);
        assertThat(window.percentileNanos(0.5)).isBetween(1_000_000L, 1_125_000L);
        for (long now : Arrays.asList(11_000_000_000L, 22_000_000_000L)) {
            for (int i = 0; i < LatencyWindow.SAMPLES_MIN; i++) {
                window.add(8_000_000, now);
            }
        }
        assertThat(window.percentileNanos(0.01)).isGreaterThanOrEqualTo(8_000_000L);
    }

    @Test
    void samples_from_before_a_long_pause_do_not_count() {
        var window = new LatencyWindow(0);
        for (int i = 0; i < LatencyWindow.SAMPLES_MIN; i++) {
            window.add(8_000_000, 1);
        }
        window.add(1_000_000, 3_600_000_000_000L);
        assertThat(window.percentileNanos(0.5)).as("too few").isEqualTo(-1);
    }
}
