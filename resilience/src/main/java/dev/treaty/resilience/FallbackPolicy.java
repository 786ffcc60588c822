package dev.treaty.resilience;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.Optional;

/**
 * What answers in a service's place, as far as that can be said without code. The kinds are tried in this order: the
 * last good answer, another service, a fixed answer. What a client's code answers comes before all of them.
 *
 * @param cacheFor how long the last good answer of an idempotent operation may serve, to the same request by the same
 *     caller with the same headers; zero for never
 * @param cacheMax the most answers that one client keeps for one operation
 * @param alternative the name of a service with the same operation that is asked instead, within what is left of the
 *     deadline; what is configured to answer in its place does not
 * @param value a fixed answer, as JSON: the response message; where it is not an answer of an operation, it is none
 */
public record FallbackPolicy(Duration cacheFor, int cacheMax, Optional<String> alternative, Optional<String> value) {
    /** Nothing answers instead. */
    public static final FallbackPolicy DEFAULT =
            new FallbackPolicy(Duration.ZERO, 1_000, Optional.empty(), Optional.empty());

    /** The most answers that may be kept. */
    public static final int CACHE_MAX = 1_000_000;

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public FallbackPolicy {
        if (!cacheFor.isZero()) {
            PolicyChecks.positive("cache-for", cacheFor);
        }
        PolicyChecks.atLeast("cache-max", cacheMax, 1);
        PolicyChecks.atMost("cache-max", cacheMax, CACHE_MAX);
        alternative.ifPresent(ServiceName::new);
    }

    /** Whether anything answers instead. */
    public boolean any() {
        return !cacheFor.isZero() || alternative.isPresent() || value.isPresent();
    }
}
