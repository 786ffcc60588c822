package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.balance.Instances.Peer;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.call.Fault;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.fixtures.ProcessorTime;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
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

/** Laws of all load-balancing policies, or of those that hash. */
class LoadBalancersTest {
    private static final HashPolicy KEY = new HashPolicy(Optional.empty(), Optional.of("key"), 1.25);

    private static BalancePolicy configured(LoadBalancingPolicy policy) {
        BalancePolicy plain = BalancePolicy.DEFAULT.policy(policy);
        return new BalancePolicy(
                policy,
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
    void calls_are_distributed_evenly(
            @ForAll LoadBalancingPolicy policy, @ForAll @IntRange(min = 1, max = 30) int count, @ForAll long seed) {
        var instances = Instances.of(count, configured(policy), seed);
        int calls = 400 * count;
        var picks = new HashMap<String, Integer>();
        for (int i = 0; i < calls; i++) {
            // The keys are for policies that hash; the others ignore them.
            var peer = instances.pick(instances.keyed("key " + seed + i));
            picks.merge(peer.id(), 1, Integer::sum);
        }
        assertThat(picks).hasSize(count);
        int most = picks.values().stream().max(Integer::compare).orElseThrow();
        int least = picks.values().stream().min(Integer::compare).orElseThrow();
        if (policy == LoadBalancingPolicy.ROUND_ROBIN) {
            assertThat(most - least).isLessThanOrEqualTo(1);
        } else {
            // Five standard deviations at 400 expected calls, plus the unevenness of a ring of 512 points.
            assertThat(most).isLessThanOrEqualTo(400 * 3 / 2);
            assertThat(least).isGreaterThanOrEqualTo(400 * 2 / 3);
        }
    }

    @Property(tries = 40)
    void two_choices_distribute_long_calls_more_evenly(
            @ForAll @IntRange(min = 2, max = 200) int count, @ForAll long seed) {
        for (LoadBalancingPolicy policy : List.of(LoadBalancingPolicy.LEAST_LOADED, LoadBalancingPolicy.PEAK_EWMA)) {
            var instances = Instances.of(count, BalancePolicy.DEFAULT.policy(policy), seed);
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
            // Within a few calls of the mean (log log n), or of the quarter by which costs count as equal.
            assertThat(most).isLessThanOrEqualTo(policy == LoadBalancingPolicy.LEAST_LOADED ? 56 : 75);
        }
    }

    @Property(tries = 40)
    void calls_follow_the_weights(
            @ForAll LoadBalancingPolicy policy,
            @ForAll @IntRange(min = 2, max = 8) int count,
            @ForAll @IntRange(min = 2, max = 10) int times,
            @ForAll long seed) {
        var instances = new Instances(configured(policy), seed);
        instances.add(1, i -> i.withWeight(100 * times / 2)).add(count - 1, i -> i.withWeight(50));
        int calls = 600 * count;
        var heavy = instances.peers.getFirst();
        int got = 0;
        boolean byLoad = policy == LoadBalancingPolicy.PEAK_EWMA || policy == LoadBalancingPolicy.LEAST_LOADED;
        for (int i = 0; i < calls; i++) {
            var peer = instances.pick(instances.keyed("key " + i));
            got += peer == heavy ? 1 : 0;
            if (byLoad) {
                instances.begin(peer); // the calls stay in flight, so that loads relative to weights decide
            }
        }
        double expected = (double) calls * times / (times + count - 1);
        assertThat(got / expected).isBetween(0.8, 1.25);
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void an_unavailable_instance_is_never_picked(LoadBalancingPolicy policy) {
        var instances = Instances.of(50, configured(policy).unhealthyRatioMax(1), 42);
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
        assertThat(new Instances(configured(policy), 1).pick(instances.call())).isNull();
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void a_retry_prefers_an_instance_that_was_not_tried(LoadBalancingPolicy policy) {
        var instances = Instances.of(3, configured(policy).unhealthyRatioMax(1), 42);
        Call call = instances.keyed("key");
        call.context().record().attempted("i00000", 1, Fault.of(Code.UNAVAILABLE, "failed"));
        call.context().record().attempted("i00002", 1, Fault.of(Code.UNAVAILABLE, "failed"));
        for (int i = 0; i < 200; i++) {
            assertThat(instances.pick(call)).isSameAs(instances.peers.get(1));
        }
        instances.peers.get(1).exclusion = Reason.UNHEALTHY;
        instances.touch();
        assertThat(instances.pick(call)).isNotNull().isNotSameAs(instances.peers.get(1));
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void a_hedged_attempt_goes_to_another_instance(LoadBalancingPolicy policy) {
        var instances = Instances.of(2, configured(policy), 42);
        Call call = instances.keyed("key");
        call.context().record().attempting("i00000");
        for (int i = 0; i < 200; i++) {
            assertThat(instances.pick(call)).isSameAs(instances.peers.get(1));
        }
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void an_instance_at_its_connection_limit_gets_no_calls(LoadBalancingPolicy policy) {
        var instances = Instances.of(3, configured(policy), 42);
        var full = instances.peers.get(1);
        IntStream.range(0, 10_000).forEach(_ -> instances.begin(full));
        for (int i = 0; i < 300; i++) {
            assertThat(instances.pick(instances.keyed(i))).isNotSameAs(full);
        }
        var exclusions = instances.balanced.all(instances.time.nanoTime()).exclusions();
        assertThat(exclusions).singleElement().hasToString("i00001 (at the connection limit: 10000 calls under way)");
    }

    @Property(tries = 20)
    void removing_an_instance_moves_few_keys(
            @ForAll("hashing") LoadBalancingPolicy policy,
            @ForAll @IntRange(min = 3, max = 40) int count,
            @ForAll long seed) {
        var instances = Instances.of(count, configured(policy), seed);
        int keys = 6_000;
        var before = owners(instances, keys);
        var gone = instances.peers.get(Math.floorMod(seed, count));
        instances.remove(gone);
        var after = owners(instances, keys);
        long moved = IntStream.range(0, keys).filter(k -> before[k] != after[k]).count();
        long unnecessary = IntStream.range(0, keys)
                .filter(k -> before[k] != gone && before[k] != after[k])
                .count();
        // 1.2 / n, and three standard deviations at this number of keys.
        double expected = (double) keys / count;
        assertThat(moved).isLessThanOrEqualTo((long) (1.2 * expected + 3 * Math.sqrt(expected)));
        assertThat(unnecessary).isLessThanOrEqualTo((long) (0.2 * expected + 3 * Math.sqrt(0.2 * expected)));
    }

    @Property(tries = 20)
    void only_the_keys_of_an_excluded_instance_move_and_they_spread(
            @ForAll("hashing") LoadBalancingPolicy policy, @ForAll long seed) {
        var instances = Instances.of(10, configured(policy), seed);
        int keys = 3_000;
        var before = owners(instances, keys);
        var unhealthy = instances.peers.get(3);
        unhealthy.exclusion = Reason.BREAKER_OPEN;
        instances.touch();
        var after = owners(instances, keys);
        Map<String, Integer> newOwners = new HashMap<>();
        for (int k = 0; k < keys; k++) {
            if (before[k] == unhealthy) {
                newOwners.merge(after[k].id(), 1, Integer::sum);
            } else {
                assertThat(after[k]).isSameAs(before[k]);
            }
        }
        assertThat(newOwners).hasSize(9);
    }

    @ParameterizedTest
    @EnumSource(names = {"RENDEZVOUS", "RING_HASH", "MAGLEV"})
    void keys_are_stable_even_if_few_instances_are_eligible(LoadBalancingPolicy policy) {
        var plain = configured(policy);
        var roomy = new BalancePolicy(
                policy,
                new HashPolicy(Optional.empty(), Optional.of("key"), 100),
                plain.load(),
                plain.unhealthyRatioMax(),
                plain.ejection(),
                plain.slowStart(),
                plain.locality(),
                plain.subset());
        var instances = new Instances(roomy, RoutingPolicy.DEFAULT, new Locality("eu", "eu-1a", 0, 1), 3)
                .add(27, i -> i.withPlace("eu", "eu-1b"))
                .add(3, i -> i.withPlace("eu", "eu-1a"));
        int keys = 3_000;
        var before = owners(instances, keys);
        assertThat(Arrays.stream(before).collect(Collectors.groupingBy(Instances.Peer::id, Collectors.counting())))
                .hasSize(3)
                .allSatisfy((_, owned) -> assertThat(owned).isBetween(800L, 1_200L));
        // Other loads do not matter: a key stays while its instance is below its bound.
        IntStream.range(0, 9).forEach(n -> instances.begin(instances.peers.get(27 + n % 2)));
        assertThat(owners(instances, keys)).containsExactly(before);
    }

    private static Instances.Peer[] owners(Instances instances, int keys) {
        return IntStream.range(0, keys)
                .mapToObj(k -> instances.pick(instances.keyed("key " + k)))
                .toArray(Instances.Peer[]::new);
    }

    @Property(tries = 40)
    void no_load_exceeds_its_bound(
            @ForAll("hashing") LoadBalancingPolicy policy,
            @ForAll @IntRange(min = 2, max = 20) int count,
            @ForAll @IntRange(min = 1, max = 30) int distinctKeys,
            @ForAll long seed) {
        var instances = Instances.of(count, configured(policy), seed);
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
    void the_faster_of_two_is_picked_unless_it_is_busier() {
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
    void a_fast_failing_instance_does_not_attract_calls() {
        var instances = Instances.of(10, BalancePolicy.DEFAULT, 7);
        int toFailing = 0;
        for (int i = 0; i < 5_000; i++) {
            var peer = instances.pick(instances.call());
            boolean failing = peer == instances.peers.get(4);
            toFailing += failing ? 1 : 0;
            instances.begin(peer);
            instances.time.advance(Duration.ofMillis(1));
            instances.end(peer, failing ? Duration.ofNanos(1_000) : Duration.ofMillis(5), !failing);
        }
        assertThat(toFailing).isLessThan(50);
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void the_first_calls_of_many_clients_go_to_all_instances_B4(LoadBalancingPolicy policy) {
        var first = new int[3];
        for (int client = 0; client < 300; client++) {
            var instances = Instances.of(3, configured(policy), client);
            first[instances.peers.indexOf(instances.pick(instances.call()))]++;
        }
        assertThat(Arrays.stream(first).min().orElseThrow()).isGreaterThan(60);
    }

    @ParameterizedTest
    @EnumSource(LoadBalancingPolicy.class)
    void clients_do_not_all_fall_back_to_the_same_instance_B4(LoadBalancingPolicy policy) {
        var chosen = new HashSet<String>();
        for (int client = 0; client < 50; client++) {
            var instances = Instances.of(4, configured(policy), HashPolicy.mix(client));
            Call call = instances.keyed("key");
            // It was tried everywhere, so all are equally bad.
            instances.peers.forEach(
                    peer -> call.context().record().attempted(peer.id(), 1, Fault.of(Code.UNAVAILABLE, "failed")));
            chosen.add(instances.pick(call).id());
        }
        assertThat(chosen).hasSize(4);
    }

    @ParameterizedTest
    @EnumSource(names = {"RENDEZVOUS", "RING_HASH", "MAGLEV"})
    void equal_keys_select_the_same_instance_whatever_their_type_B3(LoadBalancingPolicy policy) {
        var instances = Instances.of(20, configured(policy), 3);
        Supplier<List<Object>> keys = () -> List.of(
                new byte[] {1, 2, 3},
                new byte[0],
                "text",
                7,
                8L,
                new BigDecimal("1.50"),
                UUID.fromString("3f2c8a4e-94c7-4c0e-8d0f-0d8b2a6c1e55"),
                Instant.EPOCH,
                LocalTime.NOON,
                Reason.COLD,
                Optional.of("inner"),
                OptionalInt.of(5));
        List<Object> some = keys.get();
        List<Object> same = keys.get();
        for (int i = 0; i < some.size(); i++) {
            var owner = instances.pick(instances.keyed(some.get(i)));
            for (int n = 0; n < 20; n++) {
                assertThat(instances.pick(instances.keyed(same.get(i)))).isSameAs(owner);
            }
        }
        // As text in a message, so that calls with maps and typed calls agree.
        assertThat(instances.pick(instances.keyed("AQID"))).isSameAs(instances.pick(instances.keyed(some.get(0))));
        assertThat(instances.pick(instances.keyed("12:00:00"))).isSameAs(instances.pick(instances.keyed(some.get(8))));
        // A value that is no key is not hashed by its identity or order.
        long owners = IntStream.range(0, 200)
                .mapToObj(_ -> instances.pick(instances.keyed(Set.of("a", "b"))))
                .distinct()
                .count();
        assertThat(owners).isGreaterThan(10);
    }

    @Test
    void calls_without_a_key_are_balanced_by_two_choices() {
        var instances = Instances.of(4, configured(LoadBalancingPolicy.MAGLEV), 3);
        int[] picks = instances.picks(4_000);
        assertThat(Arrays.stream(picks).min().orElseThrow()).isGreaterThan(800);
    }

    @Test
    void a_custom_load_balancer_is_a_lambda() {
        var instances = Instances.of(5, BalancePolicy.DEFAULT, 3);
        instances.balanced.reconfigure(new BalanceSetup(
                BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT, (candidates, _, _) -> candidates.size() - 1));
        assertThat(instances.picks(100)).containsExactly(0, 0, 0, 0, 100);
        instances.balanced.reconfigure(BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT));
        assertThat(instances.picks(1_000)).doesNotContain(0);
    }

    /** The processor time of the process so far, which a busy machine hardly changes. */
    @ParameterizedTest
    @EnumSource
    void a_change_of_a_large_service_costs_all_threads_one_table_B2(LoadBalancingPolicy policy)
            throws InterruptedException {
        var instances = Instances.of(2_000, configured(policy), 1);
        instances.pick(instances.keyed("key"));
        instances.add(1, i -> i);
        var begin = new CountDownLatch(1);
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 32; i++) {
            Call call = instances.keyed("key" + i);
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                instances.pick(call);
            }));
        }
        Duration before = ProcessorTime.used();
        begin.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(ProcessorTime.used().minus(before)).isLessThan(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @EnumSource
    void one_heavy_instance_of_many_makes_no_pick_expensive_B1(LoadBalancingPolicy policy) {
        int full = 10_000;
        var instances = new Instances(configured(policy), RoutingPolicy.DEFAULT, Locality.ANYWHERE, 1)
                .add(1, i -> i.withWeight(ServiceInstance.WEIGHT_MAX))
                .add(2_999, i -> i.withWeight(1));
        Duration before = ProcessorTime.used();
        instances.pick(instances.keyed("key"));
        assertThat(ProcessorTime.used().minus(before)).as("the first pick").isLessThan(Duration.ofSeconds(1));
        for (Peer peer : instances.peers) {
            for (int i = 0; i < full; i++) {
                peer.load().begin();
            }
        }
        before = ProcessorTime.used();
        for (int i = 0; i < 60; i++) {
            assertThat(instances.pick(instances.keyed("key"))).isNull();
        }
        assertThat(ProcessorTime.used().minus(before)).as("refused picks").isLessThan(Duration.ofSeconds(1));
    }
}
