package dev.treaty.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.registry.PreservationPolicy;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.RegistryConformance;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A registry in a real etcd; each test has a prefix of its own. */
class EtcdRegistryTest extends RegistryConformance {
    /** As a program has it, but for a machine that is busy with other tests. */
    static final RegistryPolicy PATIENT = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            PreservationPolicy.STANDARD);

    private static final AtomicInteger TESTS = new AtomicInteger();
    private static Etcd etcd;

    private final String address = etcd.address("test-" + TESTS.incrementAndGet());

    @BeforeAll
    static void start() {
        etcd = Etcd.start(1);
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @Override
    protected Registry open() {
        return Etcd.open(address, PATIENT, Events.NONE);
    }

    /** A store cannot know who has read what, nor change what belongs to another process. */
    @Test
    void drains_are_neither_acknowledged_nor_ordered_by_others() {
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
