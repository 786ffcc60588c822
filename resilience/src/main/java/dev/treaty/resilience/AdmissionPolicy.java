package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.resilience.internal.PolicyChecks;
import java.util.Optional;

/**
 * How many calls a server lets in: how many in a time, and how many at once.
 *
 * @param rateLimit how many calls of all callers together, if that is limited
 * @param rateLimitPerCaller how many calls of each caller, if that is limited; without warm-up
 * @param callersMax of how many callers it is remembered what they have called; what others call beyond that counts
 *     together
 * @param concurrency how many calls at once, and how many more may wait for their turn
 * @param priorityMax the highest priority that is granted to a caller that has not proved who it is, whatever it claims
 */
public record AdmissionPolicy(
        Optional<RateLimitPolicy> rateLimit,
        Optional<RateLimitPolicy> rateLimitPerCaller,
        int callersMax,
        ConcurrencyPolicy concurrency,
        Priority priorityMax) {

    /**
     * No limit of rates, which nobody can guess; a thousand calls at once, which protects the process, and a hundred
     * more that wait up to 100 ms. What only claims a name is of normal priority at most.
     */
    public static final AdmissionPolicy DEFAULT = new AdmissionPolicy(
            Optional.empty(),
            Optional.empty(),
            10_000,
            ConcurrencyPolicy.DEFAULT.withLimit(1000).withQueue(100),
            Priority.NORMAL);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public AdmissionPolicy {
        PolicyChecks.atLeast("callers-max", callersMax, 1);
        PolicyChecks.atMost("callers-max", callersMax, KeyedRateLimiter.KEYS_MAX);
        rateLimitPerCaller.ifPresent(KeyedRateLimiter::check);
    }

    /** The same policy with a limit on how many calls all callers together may make. */
    public AdmissionPolicy withRateLimit(RateLimitPolicy changed) {
        return new AdmissionPolicy(Optional.of(changed), rateLimitPerCaller, callersMax, concurrency, priorityMax);
    }

    /** The same policy with a limit on how many calls each caller may make. */
    public AdmissionPolicy withRateLimitPerCaller(RateLimitPolicy changed) {
        return new AdmissionPolicy(rateLimit, Optional.of(changed), callersMax, concurrency, priorityMax);
    }

    /** The same policy with another limit on how many calls are under way at once. */
    public AdmissionPolicy with(ConcurrencyPolicy changed) {
        return new AdmissionPolicy(rateLimit, rateLimitPerCaller, callersMax, changed, priorityMax);
    }

    /** The same policy with another highest priority for callers that have not proved who they are. */
    public AdmissionPolicy with(Priority changed) {
        return new AdmissionPolicy(rateLimit, rateLimitPerCaller, callersMax, concurrency, changed);
    }
}
