package dev.treaty.security;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.Immutable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The contract of Treaty's own service of tokens, which the process of the registry hosts: it issues and revokes signed
 * tokens and API keys, and tells every server its keys and what is revoked. {@link TokenService} implements it, {@link
 * TokenFollower} follows it. Operators may use all operations, every proven caller {@code state}, and everyone {@code
 * refresh}, whose token is the proof.
 */
@Contract(name = TokenProtocol.NAME, version = "1.0.0")
@Description("Issues and revokes tokens and API keys, and tells servers the keys that check them.")
public interface TokenProtocol {
    /** The name of this service. */
    String NAME = "treaty.Tokens";

    /** The issuer of its tokens. */
    String ISSUER = "treaty";

    @Description("Issues a token; invalid_argument if a name or the lifetime is out of bounds.")
    Issued issue(
            @Description("Who it is about: at most 256 printable characters.") String subject,
            @Description("The services for which it is valid: at least one.") List<String> audience,
            @Description("How long it is valid.") @DefaultValue("3600") long lifetimeSeconds,
            @Description("Roles that it states.") Optional<List<String>> roles,
            @Description("Further claims that it states.") Optional<Map<String, String>> claims)
            throws InterruptedException;

    @Description("Replaces a valid token by one of the same subject, audience, roles, claims and lifetime; it ends at"
            + " the latest when the first of the chain reaches the longest total lifetime. unauthenticated if the token"
            + " is not valid.")
    Issued refresh(String token) throws InterruptedException;

    @Idempotent
    @Description("Revokes a token, and those that were made from it by refreshing: by the id of any, the token itself;"
            + " by the id of the first, all.")
    void revoke(@Description("The id of the token.") String id) throws InterruptedException;

    @Description("Creates an API key, whose text is shown only here.")
    CreatedKey createKey(
            @Description("Who uses it: at most 256 printable characters.") String subject,
            @Description("Roles of the key.") Optional<List<String>> roles,
            @Description("How long it is valid.") @DefaultValue("7776000") long lifetimeSeconds)
            throws InterruptedException;

    @Idempotent
    @Description("Revokes an API key; does nothing if there is none.")
    void revokeKey(@Description("The id of the key, without its secret.") String id) throws InterruptedException;

    @Idempotent
    @Description("Returns API keys in the order of their ids, one page of them.")
    List<ApiKey> list(
            @Description("The last id of the page before; empty for the first page.") @DefaultValue("") String after,
            @Description("The most keys in the answer.") @DefaultValue("1000") int max)
            throws InterruptedException;

    @Description("Signs with the next key from now on, and returns its id; failed_precondition if that was published"
            + " too recently for every server to have it.")
    String rotate() throws InterruptedException;

    @Idempotent
    @Description("Returns the keys that check tokens, and what has changed since a mark; waits for a change if nothing"
            + " has.")
    State state(
            @Description("The mark in the answer before; empty for everything.") @DefaultValue("") String seen,
            @Description("How long to wait for a change: at most 30 seconds.") @DefaultValue("0") long waitMillis)
            throws InterruptedException;

    /**
     * A token that was issued.
     *
     * @param id for its revocation
     * @param token its text, which is a secret
     */
    record Issued(String id, String token, Instant expiresAt) {
        @Override
        public String toString() {
            return "Issued[" + id + ", until " + expiresAt + "]";
        }
    }

    /**
     * An API key that was created.
     *
     * @param id for its revocation
     * @param key its text, which is a secret: {@code treaty_ID_SECRET}
     */
    record CreatedKey(String id, String key, Instant expiresAt) {
        @Override
        public String toString() {
            return "CreatedKey[" + id + ", until " + expiresAt + "]";
        }
    }

    /**
     * An API key as it is stored.
     *
     * @param sha256 of its whole text, in hexadecimal digits
     */
    record ApiKey(String id, String sha256, String subject, List<String> roles, Instant createdAt, Instant expiresAt) {}

    /**
     * The id of a token or an API key that is revoked.
     *
     * @param until when everything with this id has ended
     */
    record Revocation(String id, Instant until) {}

    /**
     * The keys, and a page of what has changed.
     *
     * @param mark the state up to which this goes
     * @param complete whether this begins anew: what is not in it and its next pages is no longer so
     * @param more whether there are further changes already
     * @param jwks the keys that check tokens, as JSON (RFC 7517)
     */
    @Immutable
    record State(
            String mark, boolean complete, boolean more, String jwks, List<Revocation> revoked, List<ApiKey> apiKeys) {}
}
