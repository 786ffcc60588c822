package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.util.Optional;

/**
 * The limits of an {@link Admission}: how many calls a server accepts per second and at a time.
 *
 * @param rateLimit the rate of all callers together, if limited
 * @param rateLimitPerCaller the rate of each caller, if limited; without warm-up
 * @param callersMax the number of callers whose rates are tracked; further callers share one limit
 * @param concurrency how many calls run at a time, and how many more may wait
 * @param abandonedMax how many handlers of an operation may run on after their calls have ended, since they ignore
 *     interrupts; further calls of the operation are rejected until one returns
 * @param priorityMax the highest priority granted to an unauthenticated caller, whatever it claims
 */
public record AdmissionPolicy(
        @Description("The rate of calls of all callers to a service.")
        Optional<RateLimitPolicy> rateLimit,

        @Description("The rate of calls of each caller to a service.") @Accepted("without `warm-up`")
        Optional<RateLimitPolicy> rateLimitPerCaller,

        @Description("The number of callers with a rate of their own; the others share one rate.")
        @Accepted(min = "1", max = "1000000")
        int callersMax,

        @Description("How many calls a service runs at a time.")
        ConcurrencyPolicy concurrency,

        @Description("How many handlers of an operation may run on after their calls have ended, since they ignore"
                + " interrupts, before further calls are refused; those in flight may add to them.")
        @Accepted(min = "1", max = "100000")
        int abandonedMax,

        @Description("The highest priority of callers that are not authenticated.")
        Priority priorityMax) {

    /**
     * No rate limit, because the right rate is not known; up to a thousand calls at a time, fewer while calls queue in
     * the service, and a hundred more that wait up to 100 ms; a hundred abandoned handlers of each operation.
     * Unauthenticated callers have at most normal priority.
     */
    public static final AdmissionPolicy DEFAULT = new AdmissionPolicy(
            Optional.empty(),
            Optional.empty(),
            10_000,
            ConcurrencyPolicy.adaptive(1000).withQueue(100),
            100,
            Priority.NORMAL);

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public AdmissionPolicy {
        PolicyChecks.within("callers-max", callersMax, 1, KeyedRateLimiter.KEYS_MAX);
        PolicyChecks.within("abandoned-max", abandonedMax, 1, 100_000);
        rateLimitPerCaller.ifPresent(KeyedRateLimiter::check);
    }

    /** Returns the same policy with a rate limit for all callers together. */
    public AdmissionPolicy withRateLimit(RateLimitPolicy changed) {
        return new AdmissionPolicy(
                Optional.of(changed), rateLimitPerCaller, callersMax, concurrency, abandonedMax, priorityMax);
    }

    /** Returns the same policy with a rate limit for each caller. */
    public AdmissionPolicy withRateLimitPerCaller(RateLimitPolicy changed) {
        return new AdmissionPolicy(rateLimit, Optional.of(changed), callersMax, concurrency, abandonedMax, priorityMax);
    }

    /** Returns the same policy with another concurrency limit. */
    public AdmissionPolicy with(ConcurrencyPolicy changed) {
        return new AdmissionPolicy(rateLimit, rateLimitPerCaller, callersMax, changed, abandonedMax, priorityMax);
    }

    /** Returns the same policy with another highest priority of unauthenticated callers. */
    public AdmissionPolicy with(Priority changed) {
        return new AdmissionPolicy(rateLimit, rateLimitPerCaller, callersMax, concurrency, abandonedMax, changed);
    }
}
