package dev.treaty.core.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Deadline;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

class DurationsTest {
    private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    @Test
    void durations_of_any_length_are_converted_G15() {
        assertThat(Durations.nanos(Duration.ofSeconds(-3))).isEqualTo(-3_000_000_000L);
        assertThat(Durations.nanos(Duration.ofDays(36_500)))
                .isEqualTo(Duration.ofDays(36_500).toNanos());
        assertThat(Durations.nanos(FOREVER)).isEqualTo(Long.MAX_VALUE / 2);
        assertThat(Durations.nanos(FOREVER.negated())).isEqualTo(-(Long.MAX_VALUE / 2));
    }

    @Test
    void a_deadline_may_be_any_time_away_G15() {
        var time = new ManualTime();
        assertThat(Deadline.after(FOREVER, time).remainingNanos(time)).isEqualTo(Deadline.MAX.toNanos());
        assertThat(Deadline.after(FOREVER.negated(), time).expired(time)).isTrue();
    }
}
