package dev.treaty.benchmarks.balance;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.BalanceSetup;
import dev.treaty.balance.BalancedInstance;
import dev.treaty.balance.BalancedInstances;
import dev.treaty.balance.Candidates;
import dev.treaty.balance.Load;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Treaty's picker of the defaults: pick, begin, end. */
public class TreatyPicks {
    private static final long MILLI = 1_000_000;

    /** About what a pick takes. */
    private static final long STEP = 50;

    /** An instance that always takes calls. */
    record Instance(ServiceInstance instance, Load load) implements BalancedInstance {
        @Override
        public Exclusion.@Nullable Reason exclusion(long nowNanos) {
            return null;
        }
    }

    static List<ServiceInstance> instances(int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> ServiceInstance.of(
                        "i" + n,
                        new ServiceName("bench.Service"),
                        new Version(1, 0, 0),
                        new ServiceEndpoint("http", "127.0.0.1", 1 + n % 65_000),
                        Instant.EPOCH))
                .toList();
    }

    static BalancedInstances<Instance> balanced(List<ServiceInstance> instances) {
        var balanced = new BalancedInstances<Instance>(
                new ServiceName("bench.Service"),
                BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT),
                Locality.ANYWHERE,
                256,
                RuntimeDependencies.system(Events.NONE));
        List<Instance> members =
                instances.stream().map(i -> new Instance(i, balanced.load())).toList();
        balanced.members(() -> members);
        if (balanced.all(System.nanoTime()).size() != instances.size()) { // which takes the members
            throw new IllegalStateException("there are not all instances");
        }
        for (Instance member : members) {
            member.load().begin();
            member.load().succeeded(Time.system().nanoTime(), MILLI);
        }
        return balanced;
    }

    /** A service whose instances have all been called before. */
    @State(Scope.Benchmark)
    public static class Service {
        @Param({"10", "1000", "100000"})
        int count;

        final Time time = Time.system();
        final ServiceName name = new ServiceName("bench.Service");
        final Call call = new Call(
                name,
                Operation.unknown("op"),
                List.of(),
                CallContext.next(Principal.ANONYMOUS, time, RandomSource.system()));

        @Nullable
        BalancedInstances<Instance> balanced;

        /** Makes the instances. */
        @Setup
        public void start() {
            balanced = TreatyPicks.balanced(instances(count));
        }

        BalancedInstances<Instance> balanced() {
            BalancedInstances<Instance> made = balanced;
            if (made == null) {
                throw new IllegalStateException("not set up");
            }
            return made;
        }
    }

    /** A clock that its thread has read already; as fast as the real one, so that refreshes are as frequent. */
    @State(Scope.Thread)
    public static class Clock {
        long nanos = System.nanoTime();
    }

    /** With two readings of the clock of its own. */
    @Benchmark
    public int own(Service service) {
        long now = service.time.nanoTime();
        Candidates<Instance> candidates =
                service.balanced().select(service.call, now).candidates();
        int index = candidates.pick(service.call, now);
        Load load = candidates.load(index);
        load.begin();
        long end = service.time.nanoTime();
        load.succeeded(end, MILLI + (end - now));
        return index;
    }

    /** With the readings of the guard around it. */
    @Benchmark
    public int shared(Service service, Clock clock) {
        long now = clock.nanos;
        clock.nanos = now + STEP;
        Candidates<Instance> candidates =
                service.balanced().select(service.call, now).candidates();
        int index = candidates.pick(service.call, now);
        Load load = candidates.load(index);
        load.begin();
        load.succeeded(now + STEP, MILLI + (now & 0xFFF));
        return index;
    }
}
