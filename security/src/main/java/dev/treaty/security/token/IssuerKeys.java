package dev.treaty.security.token;

import java.util.Optional;

/** The keys of an issuer, as they are known now, and which of its tokens are revoked. It is thread-safe. */
public interface IssuerKeys {
    /** Increased by each change of the keys and each revocation. */
    long generation();

    /** Returns whether the keys have ever been obtained. */
    boolean known();

    /** Returns a key by its id and its algorithm. It does not block. */
    Optional<VerificationKey> find(String id, String algorithm);

    /** Looks for keys that are not known yet, unless that was done a moment ago. It may block. */
    void refresh() throws InterruptedException;

    /** Returns whether a token with this id is revoked. */
    boolean revoked(String id);
}
