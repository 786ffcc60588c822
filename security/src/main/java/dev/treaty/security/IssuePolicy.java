package dev.treaty.security;

import java.time.Duration;

/**
 * What bounds the tokens and API keys that {@link TokenService} issues.
 *
 * @param lifetimeMax the longest lifetime of a token: at most 30 days
 * @param totalLifetimeMax how long a token can be refreshed, from when the first was issued; at least {@code
 *     lifetimeMax}
 * @param rotateEvery how long a key signs: at least 1 minute. The next key is published from the start, and the one
 *     before until its last token has ended
 * @param keysMax the most API keys
 * @param revocationsMax the most revocations that are kept at once
 */
public record IssuePolicy(
        Duration lifetimeMax, Duration totalLifetimeMax, Duration rotateEvery, int keysMax, int revocationsMax) {
    private static final Duration LIFETIME_LIMIT = Duration.ofDays(30);
    private static final Duration ROTATION_MIN = Duration.ofMinutes(1);

    /** Tokens of 1 day, refreshed for 30 days; keys that sign for 30 days; 10,000 API keys, 100,000 revocations. */
    public static final IssuePolicy STANDARD =
            new IssuePolicy(Duration.ofDays(1), Duration.ofDays(30), Duration.ofDays(30), 10_000, 100_000);

    /** @throws IllegalArgumentException if a bound is out of its own bounds */
    public IssuePolicy {
        if (lifetimeMax.toSeconds() < 1 || lifetimeMax.compareTo(LIFETIME_LIMIT) > 0) {
            throw new IllegalArgumentException("the longest lifetime of tokens is 1 second to 30 days");
        }
        if (totalLifetimeMax.compareTo(lifetimeMax) < 0) {
            throw new IllegalArgumentException("the total lifetime is not shorter than that of one token");
        }
        if (rotateEvery.compareTo(ROTATION_MIN) < 0) {
            throw new IllegalArgumentException("a key signs for at least 1 minute");
        }
        if (keysMax < 0 || revocationsMax < 1) {
            throw new IllegalArgumentException("the numbers of keys and revocations are positive");
        }
    }

    /** Returns this policy with keys that sign for that long. */
    public IssuePolicy rotatingEvery(Duration changed) {
        return new IssuePolicy(lifetimeMax, totalLifetimeMax, changed, keysMax, revocationsMax);
    }
}
