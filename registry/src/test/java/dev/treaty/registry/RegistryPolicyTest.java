package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RegistryPolicyTest {
    private static final SelfPreservationPolicy PRESERVATION = SelfPreservationPolicy.STANDARD;
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void policies_and_limits_reject_contradictory_values() {
        assertThatThrownBy(() -> new RegistryPolicy(Duration.ZERO, SECOND, SECOND, SECOND, SECOND, PRESERVATION))
                .hasMessageContaining("must be positive");
        assertThatThrownBy(() -> new RegistryPolicy(SECOND, SECOND, SECOND.plusNanos(1), SECOND, SECOND, PRESERVATION))
                .hasMessageContaining("over pauseMax");
        assertThatThrownBy(() -> new RegistryPolicy(SECOND, SECOND, SECOND, SECOND, SECOND.minusNanos(1), PRESERVATION))
                .hasMessageContaining("shorter than the lease");
        assertThatThrownBy(() -> new RegistryLimits(0, 1, 1, 1, 1, SECOND, SECOND, 1 << 30))
                .hasMessageContaining("1 or more");
        assertThatThrownBy(() -> new RegistryLimits(1, 1, 1, 1, 1, SECOND.plusNanos(1), SECOND, 1 << 30))
                .hasMessageContaining("the shortest lease");
        assertThatThrownBy(() -> new SelfPreservationPolicy(1.1, SECOND, Optional.empty()))
                .hasMessageContaining("use 0 to 1");
        assertThatThrownBy(() -> new SelfPreservationPolicy(1, SECOND, Optional.of(Duration.ZERO)))
                .hasMessageContaining("must be positive");
    }
}
