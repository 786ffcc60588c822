package dev.treaty.registry.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.JsonInstances;
import dev.treaty.core.call.Principal;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Chance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.PreservationPolicy;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProvider;
import dev.treaty.simulation.RegistryConformance;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A registry in a real ZooKeeper server; each test has a node of its own. */
class ZooKeeperRegistryTest extends RegistryConformance {
    /** As a program has it, but for a machine that is busy with other tests. */
    static final RegistryPolicy PATIENT = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            PreservationPolicy.STANDARD);

    private static final AtomicInteger TESTS = new AtomicInteger();
    private static TestingServer server;

    private final int test = TESTS.incrementAndGet();

    @BeforeAll
    static void start() throws Exception {
        server = new TestingServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    protected Registry open() {
        return open("zookeeper://" + server.getConnectString() + "/test-" + test, PATIENT, Events.NONE);
    }

    /** A client as a program has it that names the address, found by its scheme. */
    static Registry open(String address, RegistryPolicy policy, Events events) {
        var read = (RegistryAddress.Provided) RegistryAddress.parse(address);
        return RegistryProvider.of(read.scheme())
                .orElseThrow()
                .open(
                        read,
                        new RegistryProvider.Surroundings(
                                Principal.claimed("test"),
                                policy,
                                Time.system(),
                                Chance.secure(),
                                events,
                                new JsonInstances()));
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
