package dev.treaty.core.time;

import java.security.SecureRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * Returns the generator of random numbers that production code uses, which any number of threads may share. Tests use a
 * seeded generator instead.
 */
public final class RandomSource {
    private static final RandomGenerator SYSTEM =
            () -> ThreadLocalRandom.current().nextLong();

    private RandomSource() {}

    /** Returns a fast generator for load balancing and jitter, not for secrets. */
    public static RandomGenerator system() {
        return SYSTEM;
    }

    /** Returns a slower, cryptographically strong generator, for tokens and ids. */
    public static RandomGenerator secure() {
        return new SecureRandom();
    }
}
