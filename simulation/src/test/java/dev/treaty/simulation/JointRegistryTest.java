package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.JointRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.RegistryTable;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Two joint registries fulfil the promises of one. */
class JointRegistryTest extends RegistryConformance {
    private final RegistryTable old = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
    private final RegistryTable fresh = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());

    private static Registry over(RegistryTable table) {
        return new EmbeddedRegistry(table, Time.system(), Events.NONE);
    }

    @Override
    protected Registry open() {
        return new JointRegistry(List.of(over(old), over(fresh)), Optional.empty(), Time.system());
    }

    @Test
    void an_instance_that_migrates_between_registries_is_visible_in_both() {
        try (var before = over(old);
                var both = open();
                var after = over(fresh)) {
            before.register(instance(ORDERS, "has-not-moved"));
            both.register(instance(ORDERS, "is-moving"));
            after.register(instance(ORDERS, "has-moved"));

            assertThat(before.instances(ORDERS))
                    .extracting(ServiceInstance::id)
                    .containsExactly("has-not-moved", "is-moving");
            assertThat(both.instances(ORDERS))
                    .extracting(ServiceInstance::id)
                    .containsExactly("has-moved", "has-not-moved", "is-moving");
            assertThat(after.instances(ORDERS))
                    .extracting(ServiceInstance::id)
                    .containsExactly("has-moved", "is-moving");
        }
    }

    @Test
    void an_instance_that_one_registry_rejects_is_registered_in_none() {
        try (var before = over(old);
                var both = open();
                var after = over(fresh)) {
            after.register(instance(STOCK, "taken"));

            assertThatIllegalArgumentException().isThrownBy(() -> both.register(instance(STOCK, "taken")));

            assertThat(before.instances(STOCK)).isEmpty();
        }
    }

    @Test
    void an_instance_closed_in_one_registry_stays_closed_if_the_other_adds_it_later() {
        try (var before = over(old);
                var both = open();
                var after = over(fresh)) {
            var seen = new WatchRecorder();
            both.watch(ORDERS, seen);
            var instance = instance(ORDERS, "closed");
            var registration = after.register(instance);
            assertThat(seen.next(Added.class).instance().id()).isEqualTo("closed");
            registration.close();
            assertThat(seen.next(Removed.class).reason()).isEqualTo("closed");

            var late = before.register(instance);
            before.register(instance(ORDERS, "another"));
            assertThat(seen.next(Added.class).instance().id()).isEqualTo("another");

            late.close();
            before.register(instance);
            assertThat(seen.next(Added.class).instance().id())
                    .as("registered again after both reported its end")
                    .isEqualTo("closed");
        }
    }

    @Test
    void instances_of_another_region_are_visible_while_no_local_one_accepts_calls() {
        try (var here = over(old);
                var there = over(fresh);
                var federated = new JointRegistry(List.of(over(old)), Optional.of(over(fresh)), Time.system())) {
            var far = there.register(instance(ORDERS, "far"));
            var near = here.register(instance(ORDERS, "near"));
            var seen = new WatchRecorder();
            federated.watch(ORDERS, seen);
            assertThat(seen.next(Added.class).instance().id()).isEqualTo("near");
            assertThat(seen.pending()).isEmpty();

            near.report(ServiceHealth.of(Status.CRITICAL, Instant.EPOCH));
            seen.until(view -> view.containsKey("far") && view.containsKey("near"));
            near.report(ServiceHealth.of(Status.PASSING, Instant.EPOCH));
            seen.until(view -> !view.containsKey("far"));
            near.close();
            seen.until(view -> view.keySet().equals(Set.of("far")));
            far.close();
            assertThat(seen.next(Removed.class).reason()).isEqualTo("closed");

            federated.register(instance(ORDERS, "mine"));
            assertThat(there.instances(ORDERS))
                    .as("a second region is only read")
                    .isEmpty();
        }
    }
}
