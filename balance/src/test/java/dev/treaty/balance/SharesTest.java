package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.treaty.balance.Instances.Peer;
import dev.treaty.core.call.Exclusion.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Laws of the shares that instances get: weights, zones, subsets and slow start hold for every policy. */
class SharesTest {
    private static final double THREE_POINTS = 0.03;
    private static final long MILLI = 1_000_000;
    private static final HashPolicy KEY = new HashPolicy(Optional.empty(), Optional.of("key"), 1.25);

    /** A call in flight. */
    private record Running(long endNanos, int number, Peer peer, long latencyNanos) {}

    private static BalancePolicy configured(LoadBalancingPolicy policy) {
        BalancePolicy plain = BalancePolicy.DEFAULT;
        return new BalancePolicy(
                policy,
                KEY,
                plain.load(),
                plain.unhealthyRatioMax(),
                plain.ejection().enabled(false),
                plain.slowStart(),
                plain.locality(),
                plain.subset());
    }

    private static Instances weighted(LoadBalancingPolicy policy, List<Integer> weights, long seed) {
        var instances = new Instances(configured(policy), seed);
        weights.forEach(weight -> instances.add(1, i -> i.withWeight(weight)));
        return instances;
    }

    /**
     * Makes calls with random arrivals, each with another key.
     *
     * @param concurrency the mean number of calls in flight at usual latencies; 0 for calls that end at once
     * @param slow the index of an instance that takes ten times as long; -1 for none
     * @return the share of each instance, without the first tenth of the calls
     */
    private static double[] shares(Instances instances, int calls, double concurrency, int slow) {
        var running = new PriorityQueue<Running>(
                Comparator.comparingLong(Running::endNanos).thenComparingInt(Running::number));
        var counts = new double[instances.peers.size()];
        for (int i = 0; i < calls; i++) {
            long gap = concurrency == 0
                    ? 10 * MILLI
                    : (long) (-Math.log(1 - instances.random.nextDouble()) * 5 * MILLI / concurrency);
            long next = instances.time.nanoTime() + gap;
            while (!running.isEmpty() && running.peek().endNanos <= next) {
                end(instances, running.remove());
            }
            instances.time.advance(Duration.ofNanos(next - instances.time.nanoTime()));
            Peer peer = instances.pick(instances.keyed("key " + i));
            int index = instances.peers.indexOf(peer);
            counts[index] += i >= calls / 10 ? 1 : 0;
            double millis = (4 + 2 * instances.random.nextDouble()) * (index == slow ? 10 : 1);
            long latency = (long) (millis * MILLI);
            instances.begin(peer);
            running.add(new Running(instances.time.nanoTime() + latency, i, peer, latency));
        }
        while (!running.isEmpty()) {
            end(instances, running.remove());
        }
        double sum = Arrays.stream(counts).sum();
        return Arrays.stream(counts).map(count -> count / sum).toArray();
    }

    private static void end(Instances instances, Running ended) {
        instances.time.advance(Duration.ofNanos(Math.max(0, ended.endNanos - instances.time.nanoTime())));
        instances.end(ended.peer, Duration.ofNanos(ended.latencyNanos), true);
    }

    private static double[] expected(List<Integer> weights) {
        double sum = weights.stream().mapToInt(w -> w).sum();
        return weights.stream().mapToDouble(w -> w / sum).toArray();
    }

    @Provide
    Arbitrary<List<Integer>> weights() {
        return Arbitraries.integers().between(50, 1_000).list().ofMinSize(2).ofMaxSize(8);
    }

    @Property(tries = 60)
    void shares_follow_the_weights_idle_and_loaded_B1(
            @ForAll LoadBalancingPolicy policy,
            @ForAll("weights") List<Integer> weights,
            @ForAll @IntRange(min = 0, max = 40) int concurrency,
            @ForAll long seed) {
        double[] shares = shares(weighted(policy, weights, seed), 10_000, concurrency, -1);
        assertThat(shares).containsExactly(expected(weights), within(THREE_POINTS));
    }

    @ParameterizedTest
    @EnumSource
    void shares_follow_the_weights_of_two_instances_B1(LoadBalancingPolicy policy) {
        for (int heavy : new int[] {100, 101, 200, 900}) {
            for (double concurrency : new double[] {0, 0.5, 2, 5, 20}) {
                double[] shares = shares(weighted(policy, List.of(heavy, 100), 42), 10_000, concurrency, -1);
                assertThat(shares)
                        .as(heavy + " to 100 at " + concurrency)
                        .containsExactly(expected(List.of(heavy, 100)), within(THREE_POINTS));
            }
        }
    }

    @Property(tries = 40)
    void an_instance_that_is_ten_times_slower_gets_at_most_two_percent_whatever_its_weight_B1(
            @ForAll("weights") List<Integer> weights,
            @ForAll @IntRange(min = 1, max = 20) int concurrency,
            @ForAll @IntRange(max = 7) int slow,
            @ForAll long seed) {
        var instances = weighted(LoadBalancingPolicy.PEAK_EWMA, weights, seed);
        double[] shares = shares(instances, 10_000, concurrency, slow % weights.size());
        assertThat(shares[slow % weights.size()]).isLessThanOrEqualTo(0.02);
    }

    @Property(tries = 100)
    void two_different_candidates_are_always_compared_B1(
            @ForAll @Size(min = 2, max = 6) List<@IntRange(min = 1, max = 1_000) Integer> weights,
            @ForAll @IntRange(max = 5) int slowest,
            @ForAll long seed) {
        var instances = weighted(LoadBalancingPolicy.PEAK_EWMA, weights, seed);
        Peer slow = instances.peers.get(slowest % weights.size());
        for (Peer peer : instances.peers) {
            instances.begin(peer);
            instances.end(peer, Duration.ofMillis(peer == slow ? 50 : 5), true);
        }
        // However often it is drawn, the other one is faster.
        assertThat(instances.picks(2_000)[slowest % weights.size()]).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void every_policy_prefers_the_own_zone_as_far_as_it_is_healthy_B2(LoadBalancingPolicy policy) {
        var instances = new Instances(configured(policy), RoutingPolicy.DEFAULT, new Locality("eu", "eu-1a", 0, 1), 7)
                .add(10, i -> i.withPlace("eu", "eu-1a"))
                .add(30, i -> i.withPlace("us", "us-1a"));
        assertThat(near(shares(instances, 10_000, 0, -1))).isEqualTo(1);
        var before = owners(instances);
        instances.peers.subList(0, 3).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
        instances.touch();
        // Seven of ten, times 1.4.
        assertThat(near(shares(instances, 10_000, 0, -1))).isCloseTo(0.98, within(0.015));
        if (hashes(policy)) {
            var after = owners(instances);
            long moved = IntStream.range(0, before.length)
                    .filter(k -> instances.peers.indexOf(before[k]) >= 3 && before[k] != after[k])
                    .count();
            // Of the keys of healthy instances, the two percent that are far now.
            assertThat(moved).isLessThan(before.length * 4 / 100);
        }
    }

    private static double near(double[] shares) {
        return Arrays.stream(shares).limit(10).sum();
    }

    @ParameterizedTest
    @EnumSource
    void every_policy_gives_subsets_the_same_load_B2(LoadBalancingPolicy policy) {
        // Seven clients of three instances each: each instance is called by some clients in part.
        var total = new double[10];
        for (int client = 0; client < 7; client++) {
            var instances = new Instances(
                            configured(policy).subset(3),
                            RoutingPolicy.DEFAULT,
                            new Locality("", "", client, 7),
                            client)
                    .add(10, i -> i);
            double[] shares = shares(instances, 6_000, 0, -1);
            for (int i = 0; i < total.length; i++) {
                total[i] += shares[i] / 7;
            }
        }
        assertThat(total).containsOnly(new double[] {0.1}, within(0.015));
    }

    @ParameterizedTest
    @EnumSource
    void every_policy_gives_a_cold_instance_its_share_and_its_keys_return_B2(LoadBalancingPolicy policy) {
        var instances = Instances.of(4, configured(policy), 3);
        instances.addNew("new");
        instances.time.advance(Duration.ofSeconds(5)); // half of the slow start
        instances.touch();
        var counts = new ArrayList<>(List.of(owners(instances)));
        long cold = counts.stream().filter(peer -> peer.id().equals("new")).count();
        assertThat(cold / (double) counts.size()).isCloseTo(0.5 / 4.5, within(0.02));
        if (hashes(policy)) {
            Peer[] half = owners(instances);
            instances.time.advance(Duration.ofSeconds(6));
            instances.touch();
            Peer[] warm = owners(instances);
            for (int k = 0; k < half.length; k++) { // it gets further keys; no key moves between the others
                assertThat(warm[k] == half[k] || warm[k].id().equals("new")).isTrue();
            }
        }
    }

    private static boolean hashes(LoadBalancingPolicy policy) {
        return switch (policy) {
            case RENDEZVOUS, RING_HASH, MAGLEV -> true;
            default -> false;
        };
    }

    private static Peer[] owners(Instances instances) {
        return IntStream.range(0, 10_000)
                .mapToObj(k -> instances.pick(instances.keyed("key " + k)))
                .toArray(Peer[]::new);
    }
}
