package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
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

/** A service on manual time whose instances are controlled by a test. */
final class Instances {
    static final ServiceName SERVICE = new ServiceName("test.Service");
    private static final Instant LONG_AGO = Instant.parse("2025-01-01T00:00:00Z");
    private static final RoutingPolicy ANY = RoutingPolicy.DEFAULT;

    final ManualTime time = new ManualTime();
    final Random random;
    final List<Event> events = new ArrayList<>();
    final List<Peer> peers = new ArrayList<>();
    final BalancedInstances<Peer> balanced;

    /** An instance whose exclusion a test sets. */
    static final class Peer implements BalancedInstance {
        volatile ServiceInstance instance;
        volatile Exclusion.@Nullable Reason exclusion;
        volatile boolean gone;
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

        @Override
        public boolean gone() {
            return gone;
        }

        String id() {
            return instance.id();
        }
    }

    Instances(BalancePolicy policy, RoutingPolicy rules, Locality location, long seed) {
        random = new Random(seed);
        balanced = new BalancedInstances<>(
                SERVICE,
                BalanceSetup.of(policy, rules),
                location,
                10_000,
                new RuntimeDependencies(time, random, events::add));
    }

    Instances(BalancePolicy policy, long seed) {
        this(policy, ANY, Locality.ANYWHERE, seed);
    }

    /** Instances that have been running for a long time. */
    static Instances of(int count, BalancePolicy policy, long seed) {
        return new Instances(policy, seed).add(count, i -> i);
    }

    Instances add(int count, UnaryOperator<ServiceInstance> with) {
        int from = peers.size();
        IntStream.range(from, from + count).forEach(n -> peers.add(peer(String.format("i%05d", n), LONG_AGO, with)));
        balanced.members(() -> peers);
        return this;
    }

    Peer addNew(String id) {
        Peer peer = peer(id, time.instant(), i -> i);
        peers.add(peer);
        balanced.members(() -> peers);
        return peer;
    }

    Peer peer(String id, Instant startedAt, UnaryOperator<ServiceInstance> with) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 1 + Math.floorMod(id.hashCode(), 60_000));
        return new Peer(
                with.apply(ServiceInstance.of(id, SERVICE, new Version(1, 0, 0), endpoint, startedAt)),
                balanced.load());
    }

    void remove(Peer peer) {
        peers.remove(peer);
        balanced.members(() -> peers);
    }

    void touch() {
        balanced.touch(time.nanoTime());
    }

    Call call() {
        return call("op", Headers.NONE);
    }

    Call call(String operation, Headers headers) {
        var context = CallContext.next(Principal.ANONYMOUS, time, random).with(headers);
        return new Call(SERVICE, Operation.unknown(operation), List.of(Map.of()), context);
    }

    Call keyed(Object key) {
        var context = CallContext.next(Principal.ANONYMOUS, time, random);
        return new Call(SERVICE, Operation.unknown("op"), List.of(Map.of("key", key)), context);
    }

    /** Picks an instance for a call; null if none accepts it. */
    @Nullable
    Peer pick(Call call) {
        long now = time.nanoTime();
        Candidates<Peer> candidates = balanced.select(call, now).candidates();
        int index = candidates.pick(call, now);
        return index == LoadBalancer.NONE ? null : candidates.member(index);
    }

    /** Makes a call with that latency; returns the instance that got it. */
    @Nullable
    Peer make(Call call, Duration latency, boolean success) {
        Peer peer = pick(call);
        if (peer != null) {
            begin(peer);
            time.advance(latency);
            end(peer, latency, success);
        }
        return peer;
    }

    void begin(Peer peer) {
        peer.load.begin();
    }

    void end(Peer peer, Duration latency, boolean success) {
        if (success) {
            peer.load.succeeded(time.nanoTime(), latency.toNanos());
        } else {
            peer.load.failed(time.nanoTime(), latency.toNanos(), 0);
        }
    }

    /** Counts how often each instance is picked for calls that end at once. */
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
