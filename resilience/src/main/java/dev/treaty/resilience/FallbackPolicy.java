package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.Optional;

/**
 * The fallbacks of a service that are configured, not coded. They are tried in this order: the last good answer,
 * another service, a fixed answer. A fallback in a client's code comes before them.
 *
 * @param cacheFor how long the last good answer of an idempotent operation may be served to the same request of the
 *     same caller with the same headers; zero for never
 * @param cacheMax the maximum number of answers that a client caches for an operation
 * @param alternative the name of a service with the same operation, which is called within the rest of the deadline;
 *     its own configured fallbacks do not apply
 * @param value a fixed answer, the response message in JSON; ignored for operations whose response it does not fit
 */
public record FallbackPolicy(
        @Description(
                "How long the last good answer of an idempotent operation may be served, to the same request of the"
                        + " same caller; `0s` for never.")
        @Accepted(min = "0s", max = "1d")
        Duration cacheFor,

        @Description("The most answers that a client keeps for an operation.") @Accepted(min = "1", max = "1000000")
        int cacheMax,

        @Description("A service with the same operation that answers instead.")
        @Accepted(pattern = "[A-Za-z][A-Za-z0-9._-]{0,127}", value = "the name of a service")
        Optional<String> alternative,

        @Description("A fixed answer: the response message, such as `'{\"result\": 7}'`.") @Accepted("JSON as text")
        Optional<String> value) {
    /** No fallback. */
    public static final FallbackPolicy DEFAULT =
            new FallbackPolicy(Duration.ZERO, 1_000, Optional.empty(), Optional.empty());

    /** The largest cache. */
    public static final int CACHE_MAX = 1_000_000;

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public FallbackPolicy {
        PolicyChecks.upToADay("cache-for", cacheFor);
        PolicyChecks.within("cache-max", cacheMax, 1, CACHE_MAX);
        alternative.ifPresent(ServiceName::new);
    }

    /** Returns whether there is any fallback. */
    public boolean any() {
        return !cacheFor.isZero() || alternative.isPresent() || value.isPresent();
    }
}
