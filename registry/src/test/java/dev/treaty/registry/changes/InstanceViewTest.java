package dev.treaty.registry.changes;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.Instances;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InstanceViewTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    /** Close to the overflow of the monotonic clock. */
    private static final long START = Long.MAX_VALUE - 3 * SECOND;

    private final ChangeLog changes = new ChangeLog(100);
    private final List<String> removed = new ArrayList<>();
    private final InstanceView view = new InstanceView(
            changes,
            new SelfPreservationPolicy(0.5, Duration.ofMinutes(1), Optional.of(Duration.ofSeconds(30))),
            instance -> removed.add(instance.id()));

    private void put(String id, Status status, long atNanos) {
        view.put(Instances.of(ORDERS, id, status), 0, atNanos, STARTED);
    }

    private void lose(String id, long nanos, long atNanos) {
        view.lost(ORDERS, id, "not listed any more", nanos, atNanos);
    }

    @Test
    void a_lost_instance_is_confirmed_for_a_time_and_then_removed() {
        put("a", Status.PASSING, START);
        lose("a", 5 * SECOND, START);
        lose("a", 50 * SECOND, START + SECOND);

        assertThat(view.confirmed(ORDERS)).isEmpty();
        assertThat(view.expire(START + 4 * SECOND, STARTED)).isEqualTo(SECOND);
        assertThat(changes.instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a"));
        assertThat(view.expire(START + 5 * SECOND, STARTED)).isEqualTo(Long.MAX_VALUE);
        assertThat(changes.instances(ORDERS)).isEmpty();
        assertThat(removed).containsExactly("a");
    }

    @Test
    void an_instance_that_is_listed_again_stays() {
        put("a", Status.PASSING, START);
        lose("a", 5 * SECOND, START);
        put("a", Status.PASSING, START + SECOND);

        assertThat(view.expire(START + 60 * SECOND, STARTED)).isEqualTo(Long.MAX_VALUE);
        assertThat(view.confirmed(ORDERS)).hasSize(1);
    }

    @Test
    void lost_instances_that_are_held_are_counted_until_they_return_or_are_forgotten() {
        for (String id : List.of("a", "b", "c", "d")) {
            put(id, Status.PASSING, START);
        }
        put("e", Status.DRAINING, START);
        for (String id : List.of("a", "b", "c", "d", "e")) {
            lose(id, 0, START + SECOND);
        }
        view.expire(START + SECOND, STARTED);

        assertThat(changes.instances(ORDERS)).hasSize(3);
        assertThat(view.held(InstanceView.STALE)).isEqualTo(3);
        assertThat(view.problem(InstanceView.STALE).orElseThrow()).contains("3 instances are kept as stale");
        assertThat(view.problem(InstanceView.OVERDUE)).isEmpty();
        ServiceInstance held = changes.instances(ORDERS).getFirst();
        assertThat(held.health().status()).isEqualTo(Status.UNKNOWN);
        put(held.id(), Status.PASSING, START + 2 * SECOND);
        assertThat(view.held(InstanceView.STALE)).isEqualTo(2);
        view.forget(ORDERS);
        assertThat(view.held(InstanceView.STALE)).isZero();
        assertThat(view.expire(START + 100 * SECOND, STARTED)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void an_instance_added_after_others_were_lost_replaces_one_of_them() {
        for (String id : List.of("a", "b", "c", "d")) {
            put(id, Status.PASSING, START);
            lose(id, 0, START + SECOND);
        }
        view.expire(START + SECOND, STARTED);
        assertThat(view.held(InstanceView.STALE)).isEqualTo(2);
        put("e", Status.PASSING, START + 5 * SECOND);
        view.expire(START + 5 * SECOND, STARTED);
        assertThat(view.held(InstanceView.STALE)).isEqualTo(1);
    }

    @Test
    void a_critical_instance_whose_delisting_is_held_says_so_and_keeps_its_message() {
        for (String id : List.of("a", "b", "c")) {
            put(id, Status.CRITICAL, START);
        }
        view.expire(START + 30 * SECOND, STARTED);

        assertThat(view.delisted()).isEqualTo(1);
        assertThat(view.confirmed(ORDERS)).hasSize(3);
        assertThat(view.held(InstanceView.OVERDUE)).isEqualTo(2);
        assertThat(changes.instances(ORDERS)).allSatisfy(instance -> {
            assertThat(instance.health().status()).isEqualTo(Status.CRITICAL);
            assertThat(instance.health().details()).containsKey(InstanceView.OVERDUE);
        });
        for (String id : List.of("a", "b", "c")) {
            put(id, Status.PASSING, START + 31 * SECOND);
        }
        assertThat(view.held(InstanceView.OVERDUE)).isZero();
        assertThat(view.delisted()).isZero();
        assertThat(changes.instances(ORDERS)).hasSize(3);
    }
}
