package dev.treaty.registry.changes;

import static dev.treaty.registry.Instances.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.Instances;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class InstanceListTest {
    /** With sizes at which chunks are split and merged. */
    @Property(tries = 60)
    void a_list_behaves_like_a_sorted_map(@ForAll long seed, @ForAll @IntRange(min = 1, max = 600) int ids) {
        var random = new Random(seed);
        var expected = new TreeMap<String, ServiceInstance>();
        InstanceList list = InstanceList.EMPTY;
        for (int step = 0; step < 1_500; step++) {
            String id = "i" + random.nextInt(ids);
            InstanceList before = list;
            var copy = List.copyOf(before);
            boolean growing = step % 700 < 400;
            if (random.nextInt(10) < (growing ? 8 : 2)) {
                var instance = Instances.of(ORDERS, id, random.nextBoolean() ? Status.PASSING : Status.WARNING);
                list = list.with(instance);
                expected.put(id, instance);
            } else {
                list = list.without(id);
                expected.remove(id);
            }
            assertThat(list.find(id)).isEqualTo(expected.get(id));
            if (step % 50 == 0) {
                assertThat(List.copyOf(before)).as("a list is immutable").isEqualTo(copy);
                check(list, expected);
            }
        }
        check(list, expected);
    }

    private static void check(InstanceList list, NavigableMap<String, ServiceInstance> expected) {
        var instances = List.copyOf(expected.values());
        assertThat(list.size()).isEqualTo(instances.size());
        assertThat(list).isEqualTo(instances);
        for (int i = 0; i < instances.size(); i++) {
            assertThat(list.get(i)).isSameAs(instances.get(i));
        }
        assertThat(list.after("")).isEqualTo(instances);
        assertThat(list.after("i3"))
                .isEqualTo(List.copyOf(expected.tailMap("i3", false).values()));
    }

    @Property(tries = 100)
    void the_difference_of_two_lists_leads_from_one_to_the_other(@ForAll long seed) {
        var random = new Random(seed);
        InstanceList one = some(random);
        InstanceList other = some(random);

        var rebuilt = new InstanceList[] {one};
        var ids = new ArrayList<String>();
        other.since(one, (before, now) -> {
            var instance = now == null ? before : now;
            assertThat(instance).isNotNull();
            ids.add(instance.id());
            assertThat(rebuilt[0].find(instance.id())).isEqualTo(before);
            rebuilt[0] = now == null ? rebuilt[0].without(instance.id()) : rebuilt[0].with(now);
        });

        assertThat(rebuilt[0]).isEqualTo(other);
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        other.since(other, (_, _) -> {
            throw new AssertionError("a difference to itself");
        });
    }

    private static InstanceList some(Random random) {
        InstanceList list = InstanceList.EMPTY;
        for (int i = random.nextInt(300); i > 0; i--) {
            var status = random.nextInt(4) == 0 ? Status.WARNING : Status.PASSING;
            list = list.with(Instances.of(ORDERS, "i" + random.nextInt(200), status));
        }
        return list;
    }

    @Test
    void an_index_out_of_bounds_is_rejected() {
        InstanceList one = InstanceList.EMPTY.with(Instances.of(ORDERS, "a"));

        assertThatThrownBy(() -> one.get(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> one.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> InstanceList.EMPTY.get(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(InstanceList.EMPTY.without("a")).isEmpty();
        assertThat(one.without("b")).isSameAs(one);
        assertThat(one.without("a")).isEmpty();
    }
}
