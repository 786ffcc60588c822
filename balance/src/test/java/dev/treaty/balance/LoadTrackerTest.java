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
    /** What happened to one load, counted plainly. */
    private static final class Counted {
        int inFlight;
        long ended;
        long failures;
        int standing;
    }

    private static List<Load> many(LoadTracker loads, int count) {
        return IntStream.range(0, count).mapToObj(_ -> loads.load()).toList();
    }

    @Property(tries = 50)
    void whatHappensToOneIsNotSeenAtItsNeighbours(@ForAll @IntRange(min = 1, max = 700) int count, @ForAll long seed) {
        var random = new Random(seed);
        List<Load> loads = many(new LoadTracker(LoadPolicy.DEFAULT), count);
        List<Counted> model = loads.stream().map(_ -> new Counted()).toList();
        for (int i = 0; i < 5_000; i++) {
            int index = random.nextInt(count);
            Load load = loads.get(index);
            Counted counted = model.get(index);
            switch (random.nextInt(5)) {
                case 0 -> {
                    counted.standing = random.nextInt(3);
                    load.standing(counted.standing);
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
                    .returns(expected.standing, Load::standing);
            float latency = loads.get(i).latencyNanos(0);
            assertThat(latency).isEqualTo(expected.failures > 0 ? 1e9f : expected.ended > 0 ? 1e3f : 0);
        }
    }

    @Test
    void aFewLieApartAndManyCloseTogether() {
        var loads = new LoadTracker(LoadPolicy.DEFAULT);
        assertThat(blocks(many(loads, 256))).isEqualTo(256 * 16 / LoadTracker.BLOCK);
        assertThat(blocks(many(loads, 6_400))).isEqualTo(6_400 * Load.WORDS / LoadTracker.BLOCK);
        loads.count(3); // the others have gone
        List<Load> few = many(loads, 2);
        assertThat(few.get(1).at() - few.get(0).at()).isGreaterThanOrEqualTo(16);
    }

    private static int blocks(List<Load> loads) {
        var places = new IdentityHashMap<long[], Set<Integer>>();
        for (Load load : loads) {
            assertThat(places.computeIfAbsent(load.block(), _ -> new HashSet<>())
                            .add(load.at()))
                    .isTrue();
        }
        return places.size();
    }

    @Property(tries = 100)
    void instancesComeAndGoInAnyNumbersAndEachHasItsOwnWords(
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
    void aLoadOfAnotherFleetIsRefused() {
        var one = Instances.of(2, BalancePolicy.DEFAULT, 1);
        var other = Instances.of(2, BalancePolicy.DEFAULT, 1);
        assertThatThrownBy(() -> one.fleet.members(() -> other.peers))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the load of i00000 is of another fleet: make it by load() of the one that it joins");
    }
}
