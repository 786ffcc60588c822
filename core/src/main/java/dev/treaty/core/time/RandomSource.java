package dev.treaty.core.time;

import java.security.SecureRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * The one door to chance. Production passes {@link #system()}, which any number of threads may share; a simulation
 * passes a seeded generator.
 */
public final class RandomSource implements RandomGenerator {
    private static final RandomSource SYSTEM = new RandomSource();

    private RandomSource() {}

    /** Unpredictable enough for balancing and jitter, never for secrets; safe to share between threads. */
    public static RandomGenerator system() {
        return SYSTEM;
    }

    /** Unpredictable to others, for tokens and ids; slower, and safe to share between threads. */
    public static RandomGenerator secure() {
        return Secure.RANDOM;
    }

    private static final class Secure {
        private static final SecureRandom RANDOM = new SecureRandom();
    }

    @Override
    public long nextLong() {
        return ThreadLocalRandom.current().nextLong();
    }

    @Override
    public int nextInt(int bound) {
        return ThreadLocalRandom.current().nextInt(bound);
    }
}
