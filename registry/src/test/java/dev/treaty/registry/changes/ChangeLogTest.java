package dev.treaty.registry.changes;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.Instances;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
    private static final int LENGTH_MAX = 4;

    private final ChangeLog log = new ChangeLog(LENGTH_MAX);

    enum Action {
        PUT,
        REMOVE,
        EAGER_WATCHER_READS,
        LAZY_WATCHER_READS
    }

    record Step(Action action, ServiceName service, String id, Status status) {}

    @Provide
    Arbitrary<List<Step>> histories() {
        Arbitrary<Step> step = Combinators.combine(
                        Arbitraries.frequency(
                                Tuple.of(5, Action.PUT),
                                Tuple.of(3, Action.REMOVE),
                                Tuple.of(1, Action.EAGER_WATCHER_READS),
                                Tuple.of(1, Action.LAZY_WATCHER_READS)),
                        Arbitraries.of(ORDERS, STOCK),
                        Arbitraries.of("a", "b", "c"),
                        Arbitraries.of(Status.PASSING, Status.WARNING))
                .as(Step::new);
        return step.list().ofMaxSize(60);
    }

    private static final class Watcher {
        private final Map<ServiceName, Long> since = new HashMap<>(Map.of(ORDERS, 0L, STOCK, 0L));
        private final Map<ServiceName, Map<String, ServiceInstance>> view = new TreeMap<>();

        void read(ChangeLog changes) {
            var reading = changes.read(since);
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
    void a_watcher_that_continues_sees_the_current_instances(@ForAll("histories") List<Step> history) {
        var subject = new ChangeLog(LENGTH_MAX);
        var expected = new TreeMap<ServiceName, TreeMap<String, ServiceInstance>>();
        var eager = new Watcher();
        var lazy = new Watcher();
        for (Step step : history) {
            ServiceInstance instance = Instances.of(step.service, step.id, step.status);
            switch (step.action) {
                case PUT -> {
                    subject.put(instance, STARTED);
                    expected.computeIfAbsent(step.service, _ -> new TreeMap<>()).put(step.id, instance);
                }
                case REMOVE -> {
                    subject.remove(step.service, step.id, "closed", STARTED);
                    expected.computeIfAbsent(step.service, _ -> new TreeMap<>()).remove(step.id);
                }
                case LAZY_WATCHER_READS -> lazy.read(subject);
                case EAGER_WATCHER_READS -> eager.read(subject);
            }
        }
        eager.read(subject);
        lazy.read(subject);

        for (ServiceName service : List.of(ORDERS, STOCK)) {
            var instances =
                    List.copyOf(expected.getOrDefault(service, new TreeMap<>()).values());
            assertThat(subject.instances(service)).isEqualTo(instances);
            assertThat(eager.instances(service)).isEqualTo(instances);
            assertThat(lazy.instances(service)).isEqualTo(instances);
        }
    }

    @Test
    void reading_continues_within_the_log_and_is_complete_beyond_it() {
        log.put(Instances.of(ORDERS, "a"), STARTED);
        long seen = log.revision();
        for (int i = 0; i < LENGTH_MAX; i++) {
            log.put(Instances.of(ORDERS, "b" + i), STARTED);
        }

        assertThat(log.read(Map.of(ORDERS, seen)).changes()).hasSize(LENGTH_MAX);
        assertThat(log.read(Map.of(ORDERS, seen)).complete()).isEmpty();
        log.put(Instances.of(STOCK, "c"), STARTED);
        assertThat(log.read(Map.of(ORDERS, seen)).complete().get(ORDERS)).hasSize(LENGTH_MAX + 1);
    }

    @Test
    void each_service_continues_from_its_own_revision() {
        long before = log.revision();
        log.put(Instances.of(ORDERS, "a"), STARTED);
        long between = log.revision();
        log.put(Instances.of(STOCK, "b"), STARTED);

        var changes = log.read(Map.of(ORDERS, between, STOCK, before)).changes();

        assertThat(changes).extracting(c -> c.event().instance().id()).containsExactly("b");
    }

    @Test
    void an_unknown_revision_is_read_completely() {
        log.put(Instances.of(ORDERS, "a"), STARTED);

        assertThat(log.read(Map.of(ORDERS, log.revision() + 1)).complete()).containsKey(ORDERS);
        assertThat(log.read(Map.of(ORDERS, -5L)).complete()).containsKey(ORDERS);
        assertThat(log.read(Map.of(ORDERS, 0L)).complete()).containsKey(ORDERS);
        assertThat(log.read(Map.of(ORDERS, Long.MAX_VALUE)).complete()).containsKey(ORDERS);
    }

    @Test
    void a_waiter_is_woken_by_its_own_service_only() {
        var changed = log.enlist(List.of(ORDERS), log.revision());

        log.put(Instances.of(STOCK, "a"), STARTED);
        assertThat(changed.now()).isNull();
        log.put(Instances.of(ORDERS, "a"), STARTED);
        assertThat(changed.now())
                .as("the last revision without a change for it")
                .isEqualTo(log.revision() - 1);
    }

    @Test
    void a_waiter_for_an_earlier_revision_is_woken_immediately() {
        long seen = log.revision();
        log.put(Instances.of(ORDERS, "a"), STARTED);

        assertThat(log.enlist(List.of(ORDERS), seen).now()).isEqualTo(seen);
        assertThat(log.enlist(List.of(STOCK), seen).now()).isNull();
        assertThat(log.enlist(List.of(STOCK), 0).now()).isZero();
    }

    @Test
    void a_waiter_that_left_is_not_woken() {
        var changed = log.enlist(List.of(ORDERS), log.revision());
        log.leave(List.of(ORDERS), changed);

        log.put(Instances.of(ORDERS, "a"), STARTED);
        assertThat(changed.now()).isNull();
    }

    @Test
    void a_closed_waiter_returns_immediately() throws InterruptedException {
        var waiter = log.new Waiter();
        waiter.close();

        assertThat(waiter.await(List.of(ORDERS), log.revision(), new ManualTime(), Long.MAX_VALUE))
                .isEqualTo(log.revision());
    }

    @Test
    void a_log_keeps_a_bounded_number_of_characters_R12() {
        var large = new ChangeLog(ChangeLog.LENGTH_MAX);
        String text = "x".repeat(8_000);
        for (int i = 0; i < 4_000; i++) {
            large.put(Instances.of(ORDERS, "a").withMetadata(Map.of("text", i + text)), STARTED);
        }
        List<ChangeLog.Change> kept = large.readAll(0).changes();
        long characters = kept.stream()
                .mapToLong(change -> ChangeLog.characters(change.event().instance()))
                .sum();
        assertThat(characters).isBetween(ChangeLog.CHARACTERS_MAX - 10_000, ChangeLog.CHARACTERS_MAX);
        assertThat(large.read(Map.of(ORDERS, large.revision() - 1)).changes()).hasSize(1);
        assertThat(large.read(Map.of(ORDERS, 2L)).complete())
                .as("a watcher that is behind")
                .containsKey(ORDERS);
    }
}
