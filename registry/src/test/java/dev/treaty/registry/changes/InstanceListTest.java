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
    /** As a sorted map does, with sizes that make chunks be halved and joined. */
    @Property(tries = 60)
    void behavesAsASortedMap(@ForAll long seed, @ForAll @IntRange(min = 1, max = 600) int ids) {
        var random = new Random(seed);
        var expected = new TreeMap<String, ServiceInstance>();
        InstanceList roster = InstanceList.EMPTY;
        for (int step = 0; step < 1_500; step++) {
            String id = "i" + random.nextInt(ids);
            InstanceList before = roster;
            var wasThere = List.copyOf(before);
            boolean growing = step % 700 < 400;
            if (random.nextInt(10) < (growing ? 8 : 2)) {
                var instance = Instances.of(ORDERS, id, random.nextBoolean() ? Status.PASSING : Status.WARNING);
                roster = roster.with(instance);
                expected.put(id, instance);
            } else {
                roster = roster.without(id);
                expected.remove(id);
            }
            assertThat(roster.find(id)).isEqualTo(expected.get(id));
            if (step % 50 == 0) {
                assertThat(List.copyOf(before)).as("it never changes").isEqualTo(wasThere);
                check(roster, expected);
            }
        }
        check(roster, expected);
    }

    private static void check(InstanceList roster, NavigableMap<String, ServiceInstance> expected) {
        var there = List.copyOf(expected.values());
        assertThat(roster.size()).isEqualTo(there.size());
        assertThat(roster).isEqualTo(there);
        for (int i = 0; i < there.size(); i++) {
            assertThat(roster.get(i)).isSameAs(there.get(i));
        }
        assertThat(roster.after("", Integer.MAX_VALUE)).isEqualTo(there);
        assertThat(roster.after("i3", 2))
                .isEqualTo(
                        expected.tailMap("i3", false).values().stream().limit(2).toList());
    }

    @Property(tries = 100)
    void tellsWhatMadeItOfAnother(@ForAll long seed) {
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
            throw new AssertionError("nothing is different");
        });
    }

    private static InstanceList some(Random random) {
        InstanceList roster = InstanceList.EMPTY;
        for (int i = random.nextInt(300); i > 0; i--) {
            var status = random.nextInt(4) == 0 ? Status.WARNING : Status.PASSING;
            roster = roster.with(Instances.of(ORDERS, "i" + random.nextInt(200), status));
        }
        return roster;
    }

    @Test
    void hasNothingOutsideItsBounds() {
        InstanceList one = InstanceList.EMPTY.with(Instances.of(ORDERS, "a"));

        assertThatThrownBy(() -> one.get(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> one.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> InstanceList.EMPTY.get(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(InstanceList.EMPTY.without("a")).isEmpty();
        assertThat(one.without("b")).isSameAs(one);
        assertThat(one.without("a")).isEmpty();
    }
}
