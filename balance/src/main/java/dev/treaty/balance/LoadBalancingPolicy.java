package dev.treaty.balance;

import java.util.random.RandomGenerator;

/** The ways to pick an instance that come with Treaty. */
public enum LoadBalancingPolicy {
    /** The better of two by latency and calls under way; see {@link TwoChoices#peakEwma}. */
    PEAK_EWMA,
    /** The one of two with fewer calls under way; see {@link TwoChoices#leastLoaded}. */
    LEAST_LOADED,
    /** One after the other, whatever weight they ask for; see {@link RoundRobin}. */
    ROUND_ROBIN,
    /** One after the other, the heavier more often; see {@link RoundRobin}. */
    WEIGHTED_ROUND_ROBIN,
    /** Any, by weight; see {@link RandomChoice}. */
    RANDOM,
    /** The same for the same key, by the highest score; see {@link RendezvousHash}. */
    RENDEZVOUS,
    /** The same for the same key, by a ring of hashes; see {@link ConsistentHash#ring}. */
    RING_HASH,
    /** The same for the same key, by a table; see {@link ConsistentHash#maglev}. */
    MAGLEV;

    /** Whether instances get as much as the weight that they ask for. */
    boolean weighted() {
        return this != ROUND_ROBIN;
    }

    /** A picker of this kind for one set of instances. */
    LoadBalancer create(HashPolicy hash, RandomGenerator random) {
        return switch (this) {
            case PEAK_EWMA -> TwoChoices.peakEwma(random);
            case LEAST_LOADED -> TwoChoices.leastLoaded(random);
            case ROUND_ROBIN, WEIGHTED_ROUND_ROBIN -> new RoundRobin();
            case RANDOM -> new RandomChoice(random);
            case RENDEZVOUS -> new RendezvousHash(hash, random);
            case RING_HASH -> ConsistentHash.ring(hash, random);
            case MAGLEV -> ConsistentHash.maglev(hash, random);
        };
    }
}
