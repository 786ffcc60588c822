package dev.treaty.registry;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What two joined registries show of an instance that one of them reports as closed. */
class JointClosingTest {
    private static final String TOKEN = "my-token";
    private static final Duration LEASE = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime();
    private final RegistryTable one = new RegistryTable(RegistryLimits.STANDARD, new Random(1));
    private final RegistryTable other = new RegistryTable(RegistryLimits.STANDARD, new Random(2));
    private final ServiceInstance instance = Instances.of(ORDERS, "a");
    private final JointRegistry joint = new JointRegistry(List.of(over(one), over(other)), Optional.empty(), time);

    private static Registry over(RegistryTable table) {
        return new EmbeddedRegistry(table, Time.system(), Events.NONE);
    }

    private static long register(RegistryTable table, ServiceInstance instance, Duration lease) {
        long now = System.nanoTime();
        table.register(instance, TOKEN, lease, now, STARTED);
        return now;
    }

    private void eventuallyShown(ServiceInstance... shown) {
        eventually(() -> joint.instances(ORDERS).equals(List.of(shown)));
    }

    @AfterEach
    void close() {
        joint.close();
    }

    @Test
    void a_closing_counts_only_for_a_minute_against_a_registry_that_goes_on_listing_the_instance_R2() {
        register(one, instance, Duration.ZERO);
        register(other, instance, Duration.ZERO);
        eventuallyShown(instance);
        one.remove("a", TOKEN, STARTED);
        eventuallyShown();
        register(one, instance, LEASE);
        eventuallyShown(instance);
        eventually(() -> one.changes().instances(ORDERS).isEmpty()); // its lease has expired there
        eventuallyShown();

        time.advance(Duration.ofMinutes(1));
        eventuallyShown(instance);
    }

    @Test
    void an_instance_that_registers_again_stays_while_the_other_registry_reports_the_closing_before_R2() {
        register(one, instance, Duration.ZERO);
        register(other, instance, Duration.ZERO);
        eventuallyShown(instance);
        one.remove("a", TOKEN, STARTED);
        eventuallyShown();
        var again = instance.withWeight(7);
        register(one, again, Duration.ZERO);
        eventuallyShown(again);

        var events = new CopyOnWriteArrayList<DiscoveryEvent>();
        joint.watch(ORDERS, events::add);
        other.remove("a", TOKEN, STARTED);
        var newest = again.withWeight(8);
        register(one, newest, Duration.ZERO);
        eventuallyShown(newest);
        eventually(() -> events.getLast().instance().equals(newest));
        assertThat(events).as("added and updated").hasSize(2);
    }

    @Test
    void a_process_started_again_is_shown_although_the_end_of_the_one_before_is_reported_late_R2() {
        register(one, instance, Duration.ZERO);
        register(other, instance, Duration.ZERO);
        eventuallyShown(instance);
        var restarted = instance.withStartedAt(STARTED.plusSeconds(60));
        register(other, restarted, Duration.ZERO);
        eventuallyShown(restarted);

        one.remove("a", TOKEN, STARTED);
        register(other, restarted.withWeight(7), Duration.ZERO);
        eventuallyShown(restarted.withWeight(7));
    }
}
