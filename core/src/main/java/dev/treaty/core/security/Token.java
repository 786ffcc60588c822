package dev.treaty.core.security;

import dev.treaty.core.call.Principal;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Proven credentials: who a caller is, for which services, until when.
 *
 * @param id identifies it for revocation; empty if it has none
 * @param subject who it is about
 * @param type how it was proven
 * @param issuer who issued it
 * @param audience the services for which it is valid; empty for all, which only certificates are
 * @param issuedAt when it was issued
 * @param expiresAt when it ends; {@link Instant#MAX} for never
 * @param roles the roles that it states
 * @param claims further claims, as text; a list is joined by spaces
 * @param text the token as it is sent, if it can be sent; text forms never contain it
 */
public record Token(
        String id,
        String subject,
        Principal.Proof type,
        String issuer,
        Set<String> audience,
        Instant issuedAt,
        Instant expiresAt,
        Set<String> roles,
        Map<String, String> claims,
        Optional<String> text) {
    /** Copies the collections. */
    public Token {
        audience = Set.copyOf(audience);
        roles = Set.copyOf(roles);
        claims = Map.copyOf(claims);
    }

    /** Returns the caller that it proves. */
    public Principal principal() {
        return new Principal(subject, type, roles, claims);
    }

    @Override
    public String toString() {
        return "Token[" + type.text() + " " + id + " of " + subject + " for " + audience + " until " + expiresAt + "]";
    }
}
