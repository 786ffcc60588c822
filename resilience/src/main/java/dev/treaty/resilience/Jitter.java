package dev.treaty.resilience;

import java.util.random.RandomGenerator;

/**
 * How a backoff is spread, so that callers who failed together do not come back together.
 *
 * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential backoff and
 *     jitter</a>
 */
public enum Jitter {
    /** Anything from nothing to the whole backoff. */
    FULL {
        @Override
        long spread(long nanos, RandomGenerator random) {
            return nanos <= 0 ? 0 : random.nextLong(nanos + 1);
        }
    },
    /** Half the backoff, and anything from nothing to the other half. */
    EQUAL {
        @Override
        long spread(long nanos, RandomGenerator random) {
            return nanos / 2 + FULL.spread(nanos - nanos / 2, random);
        }
    };

    abstract long spread(long nanos, RandomGenerator random);
}
