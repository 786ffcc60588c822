package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A service under a time of its own, whose instances do what a test tells them. */
final class Instances {
    static final ServiceName SERVICE = new ServiceName("test.Service");
    private static final Instant LONG_AGO = Instant.parse("2025-01-01T00:00:00Z");
    private static final RoutingPolicy ANY = RoutingPolicy.DEFAULT;

    final ManualTime time = new ManualTime();
    final Random random;
    final List<Event> events = new ArrayList<>();
    final List<Peer> peers = new ArrayList<>();
    final BalancedInstances fleet;

    /** An instance. */
    static final class Peer implements BalancedInstance {
        volatile ServiceInstance instance;
        volatile Exclusion.@Nullable Reason exclusion;
        final Load load;

        Peer(ServiceInstance instance, Load load) {
            this.instance = instance;
            this.load = load;
        }

        @Override
        public ServiceInstance instance() {
            return instance;
        }

        @Override
        public Load load() {
            return load;
        }

        @Override
        public Exclusion.@Nullable Reason exclusion(long nowNanos) {
            return exclusion;
        }

        String id() {
            return instance.id();
        }
    }

    Instances(BalancePolicy policy, RoutingPolicy rules, Locality place, long seed) {
        random = new Random(seed);
        fleet = new BalancedInstances(SERVICE, policy, rules, place, 10_000, time, random, events::add);
    }

    Instances(BalancePolicy policy, long seed) {
        this(policy, ANY, Locality.ANYWHERE, seed);
    }

    /** With so many instances that have been running for long. */
    static Instances of(int count, BalancePolicy policy, long seed) {
        return new Instances(policy, seed).add(count, i -> i);
    }

    Instances add(int count, UnaryOperator<ServiceInstance> with) {
        int from = peers.size();
        IntStream.range(from, from + count).forEach(n -> peers.add(peer(String.format("i%05d", n), LONG_AGO, with)));
        fleet.members(() -> peers);
        return this;
    }

    Peer addNew(String id) {
        Peer peer = peer(id, time.instant(), i -> i);
        peers.add(peer);
        fleet.members(() -> peers);
        return peer;
    }

    Peer peer(String id, Instant startedAt, UnaryOperator<ServiceInstance> with) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 1 + Math.floorMod(id.hashCode(), 60_000));
        return new Peer(
                with.apply(ServiceInstance.of(id, SERVICE, new Version(1, 0, 0), endpoint, startedAt)), fleet.load());
    }

    void remove(Peer peer) {
        peers.remove(peer);
        fleet.members(() -> peers);
    }

    void touch() {
        fleet.touch(time.nanoTime());
    }

    Call call() {
        return call("op", Map.of());
    }

    Call call(String operation, Map<String, String> headers) {
        var context = CallContext.next(Principal.ANONYMOUS, time, random).with(headers);
        return new Call(SERVICE, Operation.unknown(operation), List.of(Map.of()), context);
    }

    Call keyed(Object key) {
        var context = CallContext.next(Principal.ANONYMOUS, time, random);
        return new Call(SERVICE, Operation.unknown("op"), List.of(Map.of("key", key)), context);
    }

    /** The instance that a call gets; null where none takes it. */
    @Nullable
    Peer pick(Call call) {
        long now = time.nanoTime();
        Candidates candidates = fleet.candidates(call, now);
        int index = candidates.pick(call, now);
        return index == LoadBalancer.NONE ? null : (Peer) candidates.member(index);
    }

    /** Makes a call that takes so long; tells who got it. */
    @Nullable
    Peer make(Call call, Duration latency, boolean well) {
        Peer peer = pick(call);
        if (peer != null) {
            begin(peer);
            time.advance(latency);
            end(peer, latency, well);
        }
        return peer;
    }

    void begin(Peer peer) {
        peer.load.begin();
    }

    void end(Peer peer, Duration latency, boolean well) {
        if (well) {
            peer.load.succeeded(time.nanoTime(), latency.toNanos());
        } else {
            peer.load.failed(time.nanoTime(), latency.toNanos(), 0);
        }
    }

    /** How often each instance is picked for so many calls that are over at once, by its number. */
    int[] picks(int calls) {
        var picks = new int[peers.size()];
        for (int i = 0; i < calls; i++) {
            Peer peer = pick(call());
            if (peer != null) {
                picks[peers.indexOf(peer)]++;
            }
        }
        return picks;
    }
}
