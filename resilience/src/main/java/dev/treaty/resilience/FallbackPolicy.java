package dev.treaty.resilience;

import dev.treaty.core.contract.ServiceName;
import java.time.Duration;
import java.util.Optional;

/**
 * What answers in a service's place, as far as that can be said without code. The kinds are tried in this order: the
 * last good answer, another service, a fixed answer.
 *
 * @param cacheFor how long the last good answer to the same request may serve; zero for never
 * @param cacheMax the most answers kept for all requests together
 * @param alternative the name of a service with the same operation that is asked instead
 * @param value a fixed answer, as JSON
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
            Limits.positive("cache-for", cacheFor);
        }
        Limits.atLeast("cache-max", cacheMax, 1);
        Limits.atMost("cache-max", cacheMax, CACHE_MAX);
        alternative.ifPresent(ServiceName::new);
    }

    /** Whether anything answers instead. */
    public boolean any() {
        return !cacheFor.isZero() || alternative.isPresent() || value.isPresent();
    }
}
