package dev.treaty.security;

import dev.treaty.security.keys.SafeAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which tokens and API keys a process accepts.
 *
 * @param issuers the providers whose tokens are accepted
 * @param own whether tokens and API keys of {@link TokenProtocol}, Treaty's own service of tokens, are accepted
 * @param audiences the audiences for which a token may be: the names of the process's services. A token for another
 *     audience is refused
 * @param clockSkew how far clocks may differ: at most 5 minutes
 * @param limits what bounds the work and the memory for tokens
 */
public record TokenPolicy(List<Issuer> issuers, boolean own, Set<String> audiences, Duration clockSkew, Limits limits) {
    /** The usual difference between clocks. */
    public static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

    private static final Duration CLOCK_SKEW_MAX = Duration.ofMinutes(5);

    /**
     * Copies the collections.
     *
     * @throws IllegalArgumentException if two issuers have the same address, or the clock skew is out of range
     */
    public TokenPolicy {
        issuers = List.copyOf(issuers);
        audiences = Set.copyOf(audiences);
        if (issuers.stream().map(Issuer::address).distinct().count() < issuers.size()) {
            throw new IllegalArgumentException("two issuers have the same address");
        }
        if (clockSkew.isNegative() || clockSkew.compareTo(CLOCK_SKEW_MAX) > 0) {
            throw new IllegalArgumentException("the clock skew is 0 to 5 minutes");
        }
    }

    /** Accepts tokens and API keys of Treaty's own service only. */
    public static TokenPolicy own(Set<String> audiences) {
        return new TokenPolicy(List.of(), true, audiences, CLOCK_SKEW, Limits.STANDARD);
    }

    /**
     * A provider of tokens, such as one of OpenID Connect.
     *
     * @param name its name in messages and, with a slash, what the names of its callers begin with: {@code login/alice}
     * @param address its issuer URL, exactly as its tokens state it. It is {@code https}, or {@code http} on loopback
     * @param jwks where its keys are; found by discovery (OpenID Connect Discovery 1.0) if absent
     * @param algorithms which of {@code EdDSA}, {@code ES256} and {@code RS256} it signs with
     * @param audiences further audiences that its tokens may have, as with providers that know no services
     * @param subjectClaim the claim that names the caller, such as {@code sub} or {@code azp}
     * @param rolesClaim the claim that lists roles, such as {@code roles} or {@code realm_access.roles}: a path of
     *     members of objects if there is no claim of the whole name. Empty for no roles
     */
    public record Issuer(
            String name,
            URI address,
            Optional<URI> jwks,
            Set<String> algorithms,
            Set<String> audiences,
            String subjectClaim,
            String rolesClaim) {
        /** The algorithms that can be accepted. */
        public static final Set<String> ALGORITHMS = Set.of("EdDSA", "ES256", "RS256");

        /**
         * Copies the collections.
         *
         * @throws IllegalArgumentException if an address is not safe, an algorithm is not known, or a name is empty
         */
        public Issuer {
            algorithms = Set.copyOf(algorithms);
            audiences = Set.copyOf(audiences);
            SafeAddress.check(address);
            jwks.ifPresent(SafeAddress::check);
            if (algorithms.isEmpty() || !ALGORITHMS.containsAll(algorithms)) {
                throw new IllegalArgumentException("the algorithms of an issuer are some of " + ALGORITHMS);
            }
            if (name.isEmpty() || subjectClaim.isEmpty()) {
                throw new IllegalArgumentException("an issuer has a name and a claim for the subject");
            }
        }

        /** A provider that is found by discovery: all algorithms, the claims {@code sub} and {@code roles}. */
        public static Issuer of(String name, URI address) {
            return new Issuer(name, address, Optional.empty(), ALGORITHMS, Set.of(), "sub", "roles");
        }
    }

    /**
     * What bounds the work and the memory for tokens.
     *
     * @param tokenLength the most characters of a token; a longer one is refused unread
     * @param cached the most verified tokens that are kept, and as many refused ones
     * @param checksPerSecond how many signatures are checked per second, and at once after idle time; one of Ed25519
     *     takes about 0.7 ms. Beyond it, callers whose token is not in the cache get {@code resource_exhausted}
     * @param failuresPerSecond how many tokens with a wrong signature are checked per second for one address
     */
    public record Limits(int tokenLength, int cached, int checksPerSecond, int failuresPerSecond) {
        /** 8 KiB, 10,000 tokens, 300 checks per second, 10 failures per second. */
        public static final Limits STANDARD = new Limits(8_192, 10_000, 300, 10);

        /** @throws IllegalArgumentException if a limit is not positive */
        public Limits {
            if (tokenLength < 1 || cached < 1 || checksPerSecond < 1 || failuresPerSecond < 1) {
                throw new IllegalArgumentException("limits are positive");
            }
        }
    }
}
