package dev.treaty.resilience.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LatencyBaselineTest {
    private static final int MANY = 100;
    private static final Offset<Double> EXACTLY = within(1e-9);

    private final LatencyBaseline baseline = new LatencyBaseline();

    private void learn(int windows, double nanos) {
        for (int i = 0; i < windows; i++) {
            baseline.learn(nanos, MANY, false);
        }
    }

    @Test
    void the_first_ten_windows_count_equally_and_a_later_one_changes_little() {
        for (int i = 0; i < 10; i++) {
            baseline.learn(100 + i, MANY, false);
        }
        assertThat(baseline.nanos()).isCloseTo(104.5, EXACTLY);
        baseline.learn(109, MANY, false);
        assertThat(baseline.nanos()).isBetween(104.51, 104.55);
    }

    @Test
    void an_overload_raises_the_baseline_by_a_tenth_at_most() {
        learn(1, 100);
        learn(10_000, 500);
        assertThat(baseline.nanos()).isCloseTo(110, EXACTLY);
    }

    @Test
    void at_rest_the_baseline_follows_a_slower_service() {
        learn(10, 100);
        baseline.learn(200, MANY, true);
        assertThat(baseline.nanos()).isCloseTo(120, EXACTLY);
        for (int i = 0; i < 50; i++) {
            baseline.learn(200, MANY, true);
        }
        assertThat(baseline.nanos()).isBetween(199.0, 201.0);
    }

    @Test
    void many_faster_calls_lower_the_baseline_at_once_and_few_in_part() {
        learn(10, 100);
        baseline.learn(10, 10, false);
        assertThat(baseline.nanos()).isBetween(94.0, 95.0);
        baseline.learn(80, 10, false);
        assertThat(baseline.nanos()).as("less than twice as fast").isBetween(94.0, 95.0);
        baseline.learn(10, MANY, false);
        assertThat(baseline.nanos()).isCloseTo(11, EXACTLY);
        baseline.learn(5, 10 * MANY, false);
        assertThat(baseline.nanos()).isCloseTo(5.5, EXACTLY);
    }
}
