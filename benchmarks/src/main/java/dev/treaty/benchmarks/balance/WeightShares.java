package dev.treaty.benchmarks.balance;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.BalanceSetup;
import dev.treaty.balance.BalancedInstances;
import dev.treaty.balance.HashPolicy;
import dev.treaty.balance.LoadBalancingPolicy;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.benchmarks.Sample;
import dev.treaty.benchmarks.balance.TreatyPicks.Instance;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Consumer;

/** The shares that instances get by their weights, on simulated time, with random arrivals and equal latencies. */
final class WeightShares {
    private static final int CALLS = 10_000;
    private static final long LATENCY_NANOS = 5_000_000;
    private static final int SLOWER = 10;
    private static final ServiceName SERVICE = new ServiceName("bench.Service");

    private record Running(long endNanos, int number, Instance instance, long latencyNanos) {}

    private WeightShares() {}

    /** Measures every policy, idle and with five and twenty calls in flight. */
    static void measure(Consumer<String> progress, List<Sample> samples) {
        for (LoadBalancingPolicy policy : LoadBalancingPolicy.values()) {
            String name = policy.name().toLowerCase(Locale.ROOT).replace('_', '-');
            progress.accept("weights: " + name + " …");
            for (int heavy : new int[] {100, 101, 200, 900}) {
                for (int concurrency : new int[] {0, 5, 20}) {
                    double share = heavyShare(policy, heavy, concurrency, false);
                    double points = 100 * Math.abs(share - heavy / (heavy + 100.0));
                    samples.add(new Sample(
                            "treaty",
                            name + " " + heavy + ":100, " + concurrency + " in flight",
                            0,
                            Map.of(BalanceBenchmark.DEVIATION.name(), points)));
                }
            }
        }
        for (int heavy : new int[] {100, 200, 900}) {
            double share = heavyShare(LoadBalancingPolicy.PEAK_EWMA, heavy, 5, true);
            samples.add(new Sample(
                    "treaty",
                    "peak-ewma " + heavy + ":100, the first " + SLOWER + " times slower",
                    0,
                    Map.of(BalanceBenchmark.SHARE.name(), 100 * share)));
        }
    }

    /** Returns the share of the first of two instances, without the first tenth of the calls. */
    private static double heavyShare(LoadBalancingPolicy policy, int heavy, int concurrency, boolean slow) {
        var random = new Random(42);
        BalancePolicy plain = BalancePolicy.DEFAULT;
        var balanced = new BalancedInstances<Instance>(
                SERVICE,
                BalanceSetup.of(
                        new BalancePolicy(
                                policy,
                                new HashPolicy(Optional.empty(), Optional.of("key"), 1.25),
                                plain.load(),
                                plain.unhealthyRatioMax(),
                                plain.ejection(),
                                plain.slowStart(),
                                plain.locality(),
                                0),
                        RoutingPolicy.DEFAULT),
                Locality.ANYWHERE,
                256,
                new RuntimeDependencies(Time.system(), random, Events.NONE));
        List<ServiceInstance> two = TreatyPicks.instances(2);
        List<Instance> members = List.of(
                new Instance(two.getFirst().withWeight(heavy), balanced.load()),
                new Instance(two.getLast(), balanced.load()));
        balanced.members(() -> members);
        var running = new PriorityQueue<Running>(
                Comparator.comparingLong(Running::endNanos).thenComparingInt(Running::number));
        var counted = new ArrayList<Instance>();
        long now = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            now += concurrency == 0
                    ? 2 * SLOWER * LATENCY_NANOS
                    : (long) (-Math.log(1 - random.nextDouble()) * LATENCY_NANOS / concurrency);
            while (!running.isEmpty() && running.peek().endNanos <= now) {
                Running ended = running.remove();
                ended.instance.load().succeeded(ended.endNanos, ended.latencyNanos);
            }
            var context = CallContext.next(Principal.ANONYMOUS, Time.system(), random);
            var call = new Call(SERVICE, Operation.unknown("op"), List.of(Map.of("key", "key " + i)), context);
            var candidates = balanced.select(call, now).candidates();
            Instance instance = candidates.member(candidates.pick(call, now));
            instance.load().begin();
            long latency = LATENCY_NANOS * (slow && instance.equals(members.getFirst()) ? SLOWER : 1);
            running.add(new Running(now + latency, i, instance, latency));
            if (i >= CALLS / 10) {
                counted.add(instance);
            }
        }
        return (double) counted.stream().filter(members.getFirst()::equals).count() / counted.size();
    }
}
