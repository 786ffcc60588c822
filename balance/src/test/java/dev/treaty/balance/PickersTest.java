package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.call.Fault;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for every picker, or for every one of a kind. */
class PickersTest {
    private static final HashPolicy KEY = new HashPolicy(Optional.empty(), Optional.of("key"), 1.25);

    private static BalancePolicy policy(LoadBalancingPolicy picker) {
        BalancePolicy plain = BalancePolicy.DEFAULT.policy(picker);
        return new BalancePolicy(
                picker,
                KEY,
                plain.load(),
                plain.unhealthyRatioMax(),
                plain.ejection(),
                plain.slowStart(),
                plain.locality(),
                plain.subset());
    }

    @Provide
    Arbitrary<LoadBalancingPolicy> hashing() {
        return Arbitraries.of(
                LoadBalancingPolicy.RENDEZVOUS, LoadBalancingPolicy.RING_HASH, LoadBalancingPolicy.MAGLEV);
    }

    @Property(tries = 40)
    void callsAreSpreadFairly(
            @ForAll LoadBalancingPolicy picker, @ForAll @IntRange(min = 1, max = 30) int count, @ForAll long seed) {
        var instances = Instances.of(count, policy(picker), seed);
        int calls = 400 * count;
        var picks = new HashMap<String, Integer>();
        for (int i = 0; i < calls; i++) {
            // What hashes gets keys, all others calls that stay: both are as even as the picker is.
            var peer = instances.pick(instances.keyed("key " + seed + i));
            picks.merge(peer.id(), 1, Integer::sum);
        }
        assertThat(picks).hasSize(count);
        int most = picks.values().stream().max(Integer::compare).orElseThrow();
        int least = picks.values().stream().min(Integer::compare).orElseThrow();
        if (picker == LoadBalancingPolicy.ROUND_ROBIN || picker == LoadBalancingPolicy.WEIGHTED_ROUND_ROBIN) {
            assertThat(most - least).isLessThanOrEqualTo(1);
        } else {
            // Five deviations of what chance does to 400 expected calls, and what a ring of 512 points adds.
            assertThat(most).isLessThanOrEqualTo(400 * 3 / 2);
            assertThat(least).isGreaterThanOrEqualTo(400 * 2 / 3);
        }
    }

    @Property(tries = 40)
    void callsThatStayAreSpreadMoreEvenlyByTwoChoices(
            @ForAll @IntRange(min = 2, max = 200) int count, @ForAll long seed) {
        for (LoadBalancingPolicy picker : List.of(LoadBalancingPolicy.LEAST_LOADED, LoadBalancingPolicy.PEAK_EWMA)) {
            var instances = Instances.of(count, BalancePolicy.DEFAULT.policy(picker), seed);
            for (var peer : instances.peers) {
                instances.begin(peer);
                instances.end(peer, Duration.ofMillis(5), true);
            }
            for (int i = 0; i < 50 * count; i++) {
                instances.begin(instances.pick(instances.call()));
            }
            int most = instances.peers.stream()
                    .mapToInt(p -> p.load.inFlight())
                    .max()
                    .orElseThrow();
            // Within a few calls of the mean (log log n), or of what a difference of a quarter hides.
            assertThat(most).isLessThanOrEqualTo(picker == LoadBalancingPolicy.LEAST_LOADED ? 56 : 75);
        }
    }

    @Property(tries = 40)
    void weightsAreKept(
            @ForAll LoadBalancingPolicy picker,
            @ForAll @IntRange(min = 2, max = 8) int count,
            @ForAll @IntRange(min = 2, max = 10) int times,
            @ForAll long seed) {
        if (picker == LoadBalancingPolicy.ROUND_ROBIN) {
            return;
        }
        var instances = new Instances(policy(picker), seed);
        instances.add(1, i -> i.withWeight(100 * times / 2)).add(count - 1, i -> i.withWeight(50));
        int calls = 600 * count;
        var heavy = instances.peers.getFirst();
        int got = 0;
        boolean measures = picker == LoadBalancingPolicy.PEAK_EWMA || picker == LoadBalancingPolicy.LEAST_LOADED;
        for (int i = 0; i < calls; i++) {
            var peer = instances.pick(instances.keyed("key " + i));
            got += peer == heavy ? 1 : 0;
            if (measures) {
                instances.begin(peer); // calls stay, so that loads compared with weights decide
            }
        }
        double expected = (double) calls * times / (times + count - 1);
        assertThat(got / expected).isBetween(0.8, 1.25);
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void whatTakesNoCallsIsNeverPickedHoweverFewAreLeft(LoadBalancingPolicy picker) {
        var instances = Instances.of(50, policy(picker).unhealthyRatioMax(1), 42);
        instances.peers.forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
        var only = instances.peers.get(37);
        only.exclusion = null;
        instances.touch();
        IntStream.range(0, 100).forEach(_ -> instances.begin(only));
        for (int i = 0; i < 500; i++) {
            assertThat(instances.pick(instances.keyed(i))).isSameAs(only);
        }
        only.exclusion = Reason.DRAINING;
        instances.touch();
        assertThat(instances.pick(instances.keyed("a"))).isNull();
        assertThat(new Instances(policy(picker), 1).pick(instances.call())).isNull();
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void aRetryGoesElsewhereWhileThereIsAnElsewhere(LoadBalancingPolicy picker) {
        var instances = Instances.of(3, policy(picker).unhealthyRatioMax(1), 42);
        Call call = instances.keyed("key");
        call.context().record().attempted("i00000", 1, Fault.of(Code.UNAVAILABLE, "broke"));
        call.context().record().attempted("i00002", 1, Fault.of(Code.UNAVAILABLE, "broke"));
        for (int i = 0; i < 200; i++) {
            assertThat(instances.pick(call)).isSameAs(instances.peers.get(1));
        }
        instances.peers.get(1).exclusion = Reason.UNHEALTHY;
        instances.touch();
        assertThat(instances.pick(call)).isNotNull().isNotSameAs(instances.peers.get(1));
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void aSecondAttemptBesideAnotherGoesElsewhere(LoadBalancingPolicy picker) {
        var instances = Instances.of(2, policy(picker), 42);
        Call call = instances.keyed("key");
        call.context().record().attempting("i00000");
        for (int i = 0; i < 200; i++) {
            assertThat(instances.pick(call)).isSameAs(instances.peers.get(1));
        }
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void atTheConnectionLimitAnInstanceGetsNoMore(LoadBalancingPolicy picker) {
        var instances = Instances.of(3, policy(picker), 42);
        var full = instances.peers.get(1);
        IntStream.range(0, 10_000).forEach(_ -> instances.begin(full));
        for (int i = 0; i < 300; i++) {
            assertThat(instances.pick(instances.keyed(i))).isNotSameAs(full);
        }
        var told = instances.fleet.all(instances.time.nanoTime()).exclusions();
        assertThat(told).singleElement().hasToString("i00001 (at the connection limit: 10000 calls under way)");
    }

    @Property(tries = 20)
    void aSmallChangeMovesFewKeys(
            @ForAll("hashing") LoadBalancingPolicy picker,
            @ForAll @IntRange(min = 3, max = 40) int count,
            @ForAll long seed) {
        var instances = Instances.of(count, policy(picker), seed);
        int keys = 6_000;
        var before = owners(instances, keys);
        var gone = instances.peers.get(Math.floorMod(seed, count));
        instances.remove(gone);
        var after = owners(instances, keys);
        long moved = IntStream.range(0, keys).filter(k -> before[k] != after[k]).count();
        long needless = IntStream.range(0, keys)
                .filter(k -> before[k] != gone && before[k] != after[k])
                .count();
        // 1.2 / n, and three deviations of what so few keys can tell.
        double expected = (double) keys / count;
        assertThat(moved).isLessThanOrEqualTo((long) (1.2 * expected + 3 * Math.sqrt(expected)));
        assertThat(needless).isLessThanOrEqualTo((long) (0.2 * expected + 3 * Math.sqrt(0.2 * expected)));
    }

    @Property(tries = 20)
    void onlyTheKeysOfOneThatIsLeftOutGoElsewhereAndTheyScatter(
            @ForAll("hashing") LoadBalancingPolicy picker, @ForAll long seed) {
        var instances = Instances.of(10, policy(picker), seed);
        int keys = 3_000;
        var before = owners(instances, keys);
        var sick = instances.peers.get(3);
        sick.exclusion = Reason.BREAKER_OPEN;
        instances.touch();
        var after = owners(instances, keys);
        Map<String, Integer> heirs = new HashMap<>();
        for (int k = 0; k < keys; k++) {
            if (before[k] == sick) {
                heirs.merge(after[k].id(), 1, Integer::sum);
            } else {
                assertThat(after[k]).isSameAs(before[k]);
            }
        }
        assertThat(heirs).hasSize(9);
    }

    @ParameterizedTest
    @EnumSource(names = {"RENDEZVOUS", "RING_HASH", "MAGLEV"})
    void everyKeyHasAHomeHoweverFewInstancesItMayBeFor(LoadBalancingPolicy picker) {
        var policy = policy(picker);
        var roomy = new BalancePolicy(
                picker,
                new HashPolicy(Optional.empty(), Optional.of("key"), 100),
                policy.load(),
                policy.unhealthyRatioMax(),
                policy.ejection(),
                policy.slowStart(),
                policy.locality(),
                policy.subset());
        var instances = new Instances(roomy, RoutingPolicy.DEFAULT, new Locality("eu", "eu-1a", 0, 1), 3)
                .add(27, i -> i.withPlace("eu", "eu-1b"))
                .add(3, i -> i.withPlace("eu", "eu-1a"));
        int keys = 3_000;
        var before = owners(instances, keys);
        assertThat(Arrays.stream(before).collect(Collectors.groupingBy(Instances.Peer::id, Collectors.counting())))
                .hasSize(3)
                .allSatisfy((_, owned) -> assertThat(owned).isBetween(800L, 1_200L));
        // Whoever is busier now: a key stays where its instance has room.
        IntStream.range(0, 9).forEach(n -> instances.begin(instances.peers.get(27 + n % 2)));
        assertThat(owners(instances, keys)).containsExactly(before);
    }

    private static Instances.Peer[] owners(Instances instances, int keys) {
        return IntStream.range(0, keys)
                .mapToObj(k -> instances.pick(instances.keyed("key " + k)))
                .toArray(Instances.Peer[]::new);
    }

    @Property(tries = 40)
    void noLoadIsEverAboveItsBound(
            @ForAll("hashing") LoadBalancingPolicy picker,
            @ForAll @IntRange(min = 2, max = 20) int count,
            @ForAll @IntRange(min = 1, max = 30) int distinctKeys,
            @ForAll long seed) {
        var instances = Instances.of(count, policy(picker), seed);
        for (int i = 0; i < 400; i++) {
            var peer = instances.pick(instances.keyed(instances.random.nextInt(distinctKeys)));
            int total =
                    instances.peers.stream().mapToInt(p -> p.load.inFlight()).sum();
            assertThat(peer.load.inFlight() + 1).isLessThanOrEqualTo((int) Math.ceil(1.25 * (total + 1) / count));
            instances.begin(peer);
            if (instances.random.nextInt(3) == 0) {
                var busy = instances.peers.stream()
                        .filter(p -> p.load.inFlight() > 0)
                        .findAny()
                        .orElseThrow();
                instances.end(busy, Duration.ofMillis(1), true);
            }
        }
    }

    @Test
    void theFasterOfTwoIsPickedUnlessItIsBusier() {
        var instances = Instances.of(2, BalancePolicy.DEFAULT, 42);
        var slow = instances.peers.get(0);
        var fast = instances.peers.get(1);
        instances.begin(slow);
        instances.end(slow, Duration.ofMillis(100), true);
        instances.begin(fast);
        instances.end(fast, Duration.ofMillis(5), true);
        assertThat(instances.picks(1_000)).containsExactly(0, 1_000);
        IntStream.range(0, 40).forEach(_ -> instances.begin(fast));
        assertThat(instances.picks(1_000)).containsExactly(1_000, 0);
    }

    @Test
    void aFastFailingInstanceDoesNotAttractCalls() {
        var instances = Instances.of(10, BalancePolicy.DEFAULT, 7);
        int toTheSick = 0;
        for (int i = 0; i < 5_000; i++) {
            var peer = instances.pick(instances.call());
            boolean sick = peer == instances.peers.get(4);
            toTheSick += sick ? 1 : 0;
            instances.begin(peer);
            instances.time.advance(Duration.ofMillis(1));
            instances.end(peer, sick ? Duration.ofNanos(1_000) : Duration.ofMillis(5), !sick);
        }
        assertThat(toTheSick).isLessThan(50);
    }

    @Test
    void callsWithoutAKeyAreBalancedLikeAnyOther() {
        var instances = Instances.of(4, policy(LoadBalancingPolicy.MAGLEV), 3);
        int[] picks = instances.picks(4_000);
        assertThat(Arrays.stream(picks).min().orElseThrow()).isGreaterThan(800);
    }

    @Test
    void aPickerOfOnesOwnIsALambda() {
        var instances = Instances.of(5, BalancePolicy.DEFAULT, 3);
        instances.fleet.balancer((candidates, _, _) -> candidates.size() - 1);
        assertThat(instances.picks(100)).containsExactly(0, 0, 0, 0, 100);
        instances.fleet.balancer(null);
        assertThat(instances.picks(1_000)).doesNotContain(0);
    }
}
