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
    FULL {
        @Override
        long spread(long nanos, RandomGenerator random) {
            return nanos <= 0 ? 0 : random.nextLong(nanos + 1);
        }
    },
    /** Between half of the backoff and the whole. */
    EQUAL {
        @Override
        long spread(long nanos, RandomGenerator random) {
            return nanos / 2 + FULL.spread(nanos - nanos / 2, random);
        }
    };

    abstract long spread(long nanos, RandomGenerator random);
}
