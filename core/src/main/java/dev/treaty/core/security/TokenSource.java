package dev.treaty.core.security;

import java.util.Optional;

/**
 * The tokens that a client sends. A client asks for one before each attempt, so that a retry has a fresh one. It is
 * thread-safe.
 */
public interface TokenSource {
    /** No tokens. */
    TokenSource NONE = _ -> Optional.empty();

    /**
     * Returns a valid token; empty for none. Tokens are kept and replaced ahead of their expiry, so that this rarely
     * blocks.
     *
     * @param audience the name of the service that is called
     * @throws dev.treaty.core.call.ServiceException if there should be one and none can be obtained
     */
    Optional<String> token(String audience) throws InterruptedException;

    /**
     * Returns a token other than one that a server has refused; empty if there is no other.
     *
     * @param refused the refused token
     */
    default Optional<String> replace(String audience, String refused) throws InterruptedException {
        return Optional.empty();
    }
}
