package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RegistryPolicyTest {
    private static final SelfPreservationPolicy USUAL = SelfPreservationPolicy.STANDARD;
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> new RegistryPolicy(Duration.ZERO, SECOND, SECOND, SECOND, SECOND, USUAL))
                .hasMessageContaining("must be positive");
        assertThatThrownBy(() -> new RegistryPolicy(SECOND, SECOND, SECOND.plusNanos(1), SECOND, SECOND, USUAL))
                .hasMessageContaining("over pauseMax");
        assertThatThrownBy(() -> new RegistryPolicy(SECOND, SECOND, SECOND, SECOND, SECOND.minusNanos(1), USUAL))
                .hasMessageContaining("shorter than the lease");
        assertThatThrownBy(() -> new RegistryLimits(0, 1, 1, 1, 1, SECOND, SECOND))
                .hasMessageContaining("1 or more");
        assertThatThrownBy(() -> new RegistryLimits(1, 1, 1, 1, 1, SECOND.plusNanos(1), SECOND))
                .hasMessageContaining("the shortest lease");
    }
}
