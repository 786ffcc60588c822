package dev.treaty.registry.changes;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.Instances;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
    private static final int LOG = 4;

    private final ChangeLog catalog = new ChangeLog(new ReentrantLock(), LOG);

    /** Something that happens, or one of two followers reading on. */
    record Step(int what, ServiceName service, String id, Status status) {}

    @Provide
    Arbitrary<List<Step>> histories() {
        Arbitrary<Step> step = Combinators.combine(
                        Arbitraries.integers().between(0, 9),
                        Arbitraries.of(ORDERS, STOCK),
                        Arbitraries.of("a", "b", "c"),
                        Arbitraries.of(Status.PASSING, Status.WARNING))
                .as(Step::new);
        return step.list().ofMaxSize(60);
    }

    private static final class Follower {
        private final Map<ServiceName, Long> since = new HashMap<>(Map.of(ORDERS, 0L, STOCK, 0L));
        private final Map<ServiceName, Map<String, ServiceInstance>> view = new TreeMap<>();

        void read(ChangeLog catalog) {
            var reading = catalog.read(since);
            reading.complete().forEach((service, instances) -> {
                view.put(service, new TreeMap<>());
                instances.forEach(i -> view.get(service).put(i.id(), i));
            });
            for (DiscoveryEvent event :
                    reading.changes().stream().map(ChangeLog.Change::event).toList()) {
                var instances = view.get(event.instance().service());
                ServiceInstance known = instances.get(event.instance().id());
                switch (event) {
                    case DiscoveryEvent.Added _ -> assertThat(known).isNull();
                    case DiscoveryEvent.Updated updated ->
                        assertThat(updated.before()).isEqualTo(known);
                    case DiscoveryEvent.Removed removed ->
                        assertThat(removed.instance()).isEqualTo(known);
                }
                if (event instanceof DiscoveryEvent.Removed) {
                    instances.remove(event.instance().id());
                } else {
                    instances.put(event.instance().id(), event.instance());
                }
            }
            since.replaceAll((_, _) -> reading.revision());
        }

        List<ServiceInstance> instances(ServiceName service) {
            return List.copyOf(view.get(service).values());
        }
    }

    @Property
    void whoeverReadsOnEndsWithWhatIsThere(@ForAll("histories") List<Step> history) {
        var subject = new ChangeLog(new ReentrantLock(), LOG);
        var expected = new TreeMap<ServiceName, TreeMap<String, ServiceInstance>>();
        var eager = new Follower();
        var lazy = new Follower();
        for (Step step : history) {
            ServiceInstance instance = Instances.of(step.service, step.id, step.status);
            switch (step.what) {
                case 0, 1, 2, 3, 4 -> {
                    subject.put(instance, STARTED);
                    expected.computeIfAbsent(step.service, _ -> new TreeMap<>()).put(step.id, instance);
                }
                case 5, 6, 7 -> {
                    subject.remove(step.service, step.id, "closed", STARTED);
                    expected.computeIfAbsent(step.service, _ -> new TreeMap<>()).remove(step.id);
                }
                case 8 -> lazy.read(subject);
                default -> eager.read(subject);
            }
            eager.read(subject);
        }
        eager.read(subject);
        lazy.read(subject);

        for (ServiceName service : List.of(ORDERS, STOCK)) {
            var there =
                    List.copyOf(expected.getOrDefault(service, new TreeMap<>()).values());
            assertThat(subject.roster(service)).isEqualTo(there);
            assertThat(eager.instances(service)).isEqualTo(there);
            assertThat(lazy.instances(service)).isEqualTo(there);
        }
    }

    @Test
    void readsOnWithinTheLogAndAnewBeyondIt() {
        catalog.put(Instances.of(ORDERS, "a"), STARTED);
        long seen = catalog.revision();
        for (int i = 0; i < LOG; i++) {
            catalog.put(Instances.of(ORDERS, "b" + i), STARTED);
        }

        assertThat(catalog.read(Map.of(ORDERS, seen)).changes()).hasSize(LOG);
        assertThat(catalog.read(Map.of(ORDERS, seen)).complete()).isEmpty();
        catalog.put(Instances.of(STOCK, "c"), STARTED);
        assertThat(catalog.read(Map.of(ORDERS, seen)).complete().get(ORDERS)).hasSize(LOG + 1);
    }

    @Test
    void eachServiceIsReadOnFromWhereItWasSeen() {
        long before = catalog.revision();
        catalog.put(Instances.of(ORDERS, "a"), STARTED);
        long between = catalog.revision();
        catalog.put(Instances.of(STOCK, "b"), STARTED);

        var changes = catalog.read(Map.of(ORDERS, between, STOCK, before)).changes();

        assertThat(changes).extracting(c -> c.event().instance().id()).containsExactly("b");
    }

    @Test
    void aRevisionThatWasNeverThereIsReadAnew() {
        catalog.put(Instances.of(ORDERS, "a"), STARTED);

        assertThat(catalog.read(Map.of(ORDERS, catalog.revision() + 1)).complete())
                .containsKey(ORDERS);
        assertThat(catalog.read(Map.of(ORDERS, -5L)).complete()).containsKey(ORDERS);
        assertThat(catalog.read(Map.of(ORDERS, 0L)).complete()).containsKey(ORDERS);
        assertThat(catalog.read(Map.of(ORDERS, Long.MAX_VALUE)).complete()).containsKey(ORDERS);
    }

    @Test
    void aWaiterIsWokenByItsOwnServiceOnly() {
        var waiter = catalog.await(List.of(ORDERS), catalog.revision());

        catalog.put(Instances.of(STOCK, "a"), STARTED);
        assertThat(waiter.changed().now()).isNull();
        catalog.put(Instances.of(ORDERS, "a"), STARTED);
        assertThat(waiter.changed().now())
                .as("up to where nothing changed for it")
                .isEqualTo(catalog.revision() - 1);
    }

    @Test
    void aWaiterThatComesLateIsWokenAtOnce() {
        long seen = catalog.revision();
        catalog.put(Instances.of(ORDERS, "a"), STARTED);

        assertThat(catalog.await(List.of(ORDERS), seen).changed().now()).isEqualTo(seen);
        assertThat(catalog.await(List.of(STOCK), seen).changed().now()).isNull();
        assertThat(catalog.await(List.of(STOCK), 0).changed().now()).isZero();
    }

    @Test
    void aWaiterThatLeftIsNotWoken() {
        var waiter = catalog.await(List.of(ORDERS), catalog.revision());
        catalog.leave(waiter);

        catalog.put(Instances.of(ORDERS, "a"), STARTED);
        assertThat(waiter.changed().now()).isNull();
    }
}
