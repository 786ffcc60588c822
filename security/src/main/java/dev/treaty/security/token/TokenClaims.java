package dev.treaty.security.token;

import dev.treaty.core.call.Principal;
import dev.treaty.core.security.Token;
import dev.treaty.core.text.PrintableText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the claims of a token must state, for one issuer.
 *
 * @param issuer its exact name
 * @param algorithms which of its algorithms are accepted
 * @param types the types of its tokens, in lower case; an empty one for none stated
 * @param audiences of which a token must have one; any if absent
 * @param subjectClaim the claim that names the caller
 * @param prefix what names of callers begin with, so that no issuer can name callers of another, or a service
 * @param rolesClaim the claim that lists roles: its name, or a path; empty for none
 * @param clockSkew how far clocks may differ
 */
public record TokenClaims(
        String issuer,
        Set<String> algorithms,
        Set<String> types,
        Optional<Set<String>> audiences,
        String subjectClaim,
        String prefix,
        String rolesClaim,
        Duration clockSkew) {
    /** The claim that says when the first of the tokens was issued that were made from one by refreshing. */
    public static final String CHAIN_START = "auth_time";

    /** The type of Treaty's own tokens (RFC 9068). */
    public static final String ACCESS_TOKEN = "at+jwt";

    private static final int NAME_LENGTH_MAX = 256;
    private static final int LIST_MAX = 256;
    private static final int CLAIMS_MAX = 64;
    private static final int CLAIM_LENGTH_MAX = 4_096;
    private static final long SECONDS_MAX = 253_402_300_799L; // the end of the year 9999
    private static final Set<String> OTHER_FIELDS = Set.of("iss", "aud", "exp", "nbf", "iat", "jti");

    /**
     * Reads a token. Its signature is not checked here.
     *
     * @param text the token as it was sent
     * @throws InvalidTokenException if it does not state what it must
     */
    public Token read(ParsedToken token, String text, Instant now) throws InvalidTokenException {
        require(algorithms.contains(token.algorithm()), "its algorithm is not one of its issuer");
        require(types.contains(token.type()), "it is of another type");
        require(token.text("iss").equals(Optional.of(issuer)), "it is of another issuer");
        require(!token.claims().containsKey("cnf"), "it is bound to a key, which is not checked");
        Optional<String> use = token.text("typ");
        require(use.isEmpty() || use.get().equalsIgnoreCase("bearer"), "it is no access token");
        Instant expires = instant(token, "exp").orElseThrow(() -> new InvalidTokenException("it never expires"));
        require(now.isBefore(expires.plus(clockSkew)), "it has expired");
        Instant latest = now.plus(clockSkew);
        Optional<Instant> issued = instant(token, "iat");
        require(issued.isEmpty() || !issued.get().isAfter(latest), "it is issued in the future");
        Optional<Instant> begins = instant(token, "nbf");
        require(begins.isEmpty() || !begins.get().isAfter(latest), "it is not valid yet");
        Set<String> audience = new HashSet<>(bounded(token.texts("aud"), "audiences"));
        require(!audience.isEmpty(), "it has no audience");
        require(
                audiences.isEmpty() || audience.stream().anyMatch(audiences.get()::contains),
                "it is for another audience");
        return new Token(
                printable(token.text("jti").orElse("")),
                prefix
                        + printable(token.text(subjectClaim)
                                .orElseThrow(() -> new InvalidTokenException("it has no subject"))),
                Principal.Proof.TOKEN,
                issuer,
                audience,
                issued.or(() -> begins).orElse(now),
                expires,
                roles(token),
                further(token),
                Optional.of(text));
    }

    /** The same claims for any audience. */
    public TokenClaims ofAnyAudience() {
        return new TokenClaims(
                issuer, algorithms, types, Optional.empty(), subjectClaim, prefix, rolesClaim, clockSkew);
    }

    private static void require(boolean condition, String otherwise) throws InvalidTokenException {
        if (!condition) {
            throw new InvalidTokenException(otherwise);
        }
    }

    private static Optional<Instant> instant(ParsedToken token, String name) throws InvalidTokenException {
        Object value = token.claims().get(name);
        if (value == null && !token.claims().containsKey(name)) {
            return Optional.empty();
        }
        if (value instanceof Number number) {
            double seconds = number.doubleValue();
            if (seconds >= 0 && seconds <= SECONDS_MAX) {
                return Optional.of(Instant.ofEpochSecond(number.longValue()));
            }
        }
        throw new InvalidTokenException(name + " is not a time");
    }

    private Set<String> roles(ParsedToken token) throws InvalidTokenException {
        if (rolesClaim.isEmpty()) {
            return Set.of();
        }
        Object value = token.claims().get(rolesClaim);
        if (value == null) {
            value = token.claims();
            for (String step : rolesClaim.split("\\.", -1)) {
                value = value instanceof Map<?, ?> map ? map.get(step) : null;
            }
        }
        Optional<List<String>> roles = value == null ? Optional.of(List.of()) : ParsedToken.texts(value);
        return Set.copyOf(bounded(
                roles.orElseThrow(() -> new InvalidTokenException("its roles are not a list of texts")), "roles"));
    }

    private static List<String> bounded(List<String> texts, String what) throws InvalidTokenException {
        require(texts.size() <= LIST_MAX, "it has too many " + what);
        for (String text : texts) {
            printable(text);
        }
        return texts;
    }

    private static String printable(String text) throws InvalidTokenException {
        require(
                text.length() <= NAME_LENGTH_MAX && PrintableText.line(text).equals(text),
                "a name in it is longer than " + NAME_LENGTH_MAX + " characters or not printable");
        return text;
    }

    /** The further claims that have a form as text. */
    private Map<String, String> further(ParsedToken token) {
        Map<String, String> claims = new HashMap<>();
        token.claims().forEach((name, value) -> {
            boolean taken = OTHER_FIELDS.contains(name) || name.equals(subjectClaim) || name.equals(rolesClaim);
            if (!taken && claims.size() < CLAIMS_MAX && name.length() <= NAME_LENGTH_MAX) {
                text(value)
                        .filter(text -> text.length() <= CLAIM_LENGTH_MAX)
                        .ifPresent(text -> claims.put(PrintableText.line(name), PrintableText.line(text)));
            }
        });
        return claims;
    }

    private static Optional<String> text(@Nullable Object value) {
        return switch (value) {
            case String text -> Optional.of(text);
            case Boolean truth -> Optional.of(truth.toString());
            case Number number -> Optional.of(number.toString());
            case List<?> list -> {
                List<String> texts = new ArrayList<>();
                for (Object each : list) {
                    if (each instanceof String text) {
                        texts.add(text);
                    }
                }
                yield texts.size() == list.size() ? Optional.of(String.join(" ", texts)) : Optional.empty();
            }
            case null, default -> Optional.empty();
        };
    }
}
