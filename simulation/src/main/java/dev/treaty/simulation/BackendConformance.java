package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * What every registry has to do that is kept in a distributed store: all that {@link RegistryConformance} asks for, and
 * to say what a store cannot do.
 */
public abstract class BackendConformance extends RegistryConformance {
    /** As a program has it, but for a machine that is busy with other tests. */
    public static final RegistryPolicy PATIENT = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** A store cannot know who has read what, nor change what belongs to another process. */
    @Test
    void drainsAreNeitherAcknowledgedNorOrderedByOthers() {
        try (Registry registry = open()) {
            var registration = registry.register(instance(ORDERS, "orders-1"));
            registration.drain();

            assertThat(registration.acknowledged(Duration.ofSeconds(1))).isFalse();
            assertThatThrownBy(() -> registry.drain(registration.instance(), true, Duration.ZERO))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("end orders-1");
        }
    }
}
