package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LoadTrackerTest {
    /** A plain model of one load. */
    private static final class Counted {
        int inFlight;
        long ended;
        long failures;
        int state;
    }

    private static List<Load> many(LoadTracker loads, int count) {
        return IntStream.range(0, count).mapToObj(_ -> loads.load()).toList();
    }

    @Property(tries = 50)
    void loads_do_not_affect_their_neighbours(@ForAll @IntRange(min = 1, max = 700) int count, @ForAll long seed) {
        var random = new Random(seed);
        List<Load> loads = many(new LoadTracker(LoadPolicy.DEFAULT), count);
        List<Counted> model = loads.stream().map(_ -> new Counted()).toList();
        for (int i = 0; i < 5_000; i++) {
            int index = random.nextInt(count);
            Load load = loads.get(index);
            Counted counted = model.get(index);
            switch (random.nextInt(5)) {
                case 0 -> {
                    counted.state = random.nextInt(3);
                    load.state(counted.state);
                }
                case 1 -> {
                    if (counted.inFlight > 0) {
                        counted.inFlight--;
                        load.ignored(i, 0);
                    }
                }
                case 2 -> {
                    if (counted.inFlight > 0) {
                        counted.inFlight--;
                        counted.ended++;
                        counted.failures++;
                        load.failed(i, 1_000, 0);
                    }
                }
                case 3 -> {
                    if (counted.inFlight > 0) {
                        counted.inFlight--;
                        counted.ended++;
                        load.succeeded(i, 1_000);
                    }
                }
                default -> {
                    counted.inFlight++;
                    load.begin();
                }
            }
        }
        for (int i = 0; i < count; i++) {
            Counted expected = model.get(i);
            assertThat(loads.get(i))
                    .returns(expected.inFlight, Load::inFlight)
                    .returns(expected.ended, Load::ended)
                    .returns(expected.failures, Load::failures)
                    .returns(expected.state, Load::state);
            float latency = loads.get(i).latencyNanos(0);
            assertThat(latency).isEqualTo(expected.failures > 0 ? 1e9f : expected.ended > 0 ? 1e3f : 0);
        }
    }

    @Test
    void the_first_loads_are_spread_and_further_loads_are_adjacent() {
        var loads = new LoadTracker(LoadPolicy.DEFAULT);
        assertThat(blocks(many(loads, 256))).isEqualTo(256 * 16 / LoadTracker.BLOCK);
        int adjacent = LoadTracker.BLOCK / Load.WORDS;
        assertThat(blocks(many(loads, 100 * adjacent))).isEqualTo(100);
        loads.count(3); // the others were removed
        List<Load> few = many(loads, 2);
        assertThat(few.get(1).offset - few.get(0).offset).isGreaterThanOrEqualTo(16);
    }

    private static int blocks(List<Load> loads) {
        var offsets = new IdentityHashMap<long[], Set<Integer>>();
        for (Load load : loads) {
            assertThat(offsets.computeIfAbsent(load.block, _ -> new HashSet<>()).add(load.offset))
                    .isTrue();
        }
        return offsets.size();
    }

    @Property(tries = 100)
    void each_instance_has_its_own_words_while_instances_are_added_and_removed(
            @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 400) Integer> sizes) {
        var instances = new Instances(BalancePolicy.DEFAULT, 1);
        for (int size : sizes) {
            if (size < instances.peers.size()) {
                instances.peers.subList(size, instances.peers.size()).clear();
            }
            instances.add(size - instances.peers.size(), i -> i);
            instances.peers.forEach(instances::begin);
            assertThat(instances.peers).allMatch(peer -> peer.load.inFlight() == 1);
            instances.peers.forEach(peer -> instances.end(peer, Duration.ZERO, true));
        }
    }

    @Test
    void a_load_of_other_instances_is_rejected() {
        var one = Instances.of(2, BalancePolicy.DEFAULT, 1);
        var other = Instances.of(2, BalancePolicy.DEFAULT, 1);
        one.balanced.members(() -> other.peers);
        assertThatThrownBy(() -> one.balanced.all(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the load of i00000 belongs to other BalancedInstances: create it with load() of these");
    }
}
