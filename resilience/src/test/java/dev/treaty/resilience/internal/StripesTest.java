package dev.treaty.resilience.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import org.junit.jupiter.api.Test;

class StripesTest {
    @Test
    void injected_time_uses_one_stripe() {
        assertThat(Stripes.count(new ManualTime())).isEqualTo(1);
        assertThat(Integer.bitCount(Stripes.count(Time.system()))).isEqualTo(1);
    }
}
