package dev.treaty.resilience;

import java.util.random.RandomGenerator;

/**
 * How a backoff is randomized, so that callers that failed together do not return together.
 *
 * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential backoff and
 *     jitter</a>
 */
public enum Jitter {
    /** Between zero and the whole backoff. */
    FULL,
    /** Between half of the backoff and the whole. */
    EQUAL;

    long spread(long nanos, RandomGenerator random) {
        long least = this == FULL ? 0 : nanos / 2;
        return nanos <= 0 ? 0 : least + random.nextLong(nanos - least + 1);
    }
}
