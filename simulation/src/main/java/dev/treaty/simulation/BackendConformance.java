package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * The tests that every registry over a backend passes: {@link RegistryConformance}, and errors for what a store cannot
 * do.
 */
public abstract class BackendConformance extends RegistryConformance {
    /** A policy for a machine that is busy with other tests. */
    public static final RegistryPolicy PATIENT = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** A store knows neither what its readers have received, nor how to change the instances of other processes. */
    @Test
    void drains_are_neither_acknowledged_nor_requested_by_others() {
        try (Registry registry = open()) {
            var registration = registry.register(instance(ORDERS, "orders-1"));
            registration.drain();

            assertThat(registration.acknowledged(Duration.ofSeconds(1))).isFalse();
            assertThatThrownBy(() -> registry.drain(registration.instance(), true, Duration.ZERO))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("end the process of orders-1");
        }
    }
}
