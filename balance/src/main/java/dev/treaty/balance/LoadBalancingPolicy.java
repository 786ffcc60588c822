package dev.treaty.balance;

import java.util.random.RandomGenerator;

/** The algorithms by which an instance can be selected for an attempt. */
public enum LoadBalancingPolicy {
    /** The better of two random instances by latency and calls in flight; see {@link TwoChoices#peakEwma}. */
    PEAK_EWMA,
    /** The one of two random instances with fewer calls in flight; see {@link TwoChoices#leastLoaded}. */
    LEAST_LOADED,
    /** Each in turn, heavier instances more often; see {@link RoundRobin}. */
    ROUND_ROBIN,
    /** A random instance, by weight. */
    RANDOM,
    /** The same instance for the same key, by the highest score; see {@link RendezvousHash}. */
    RENDEZVOUS,
    /** The same instance for the same key, by a ring of hashes; see {@link HashRing}. */
    RING_HASH,
    /** The same instance for the same key, by a lookup table; see {@link MaglevTable}. */
    MAGLEV;

    /** Creates the load balancer for one set of instances. */
    LoadBalancer create(HashPolicy hash, RandomGenerator random) {
        return switch (this) {
            case PEAK_EWMA -> TwoChoices.peakEwma(random);
            case LEAST_LOADED -> TwoChoices.leastLoaded(random);
            case ROUND_ROBIN -> new RoundRobin(random);
            case RANDOM -> (candidates, call, nowNanos) -> candidates.drawFitting(call, nowNanos, random);
            case RENDEZVOUS -> new ConsistentHash(hash, null, random);
            case RING_HASH -> new ConsistentHash(hash, HashRing::new, random);
            case MAGLEV -> new ConsistentHash(hash, MaglevTable::new, random);
        };
    }
}
