package dev.treaty.core.security;

import java.util.Optional;

/**
 * How a process protects what it serves and what it calls.
 *
 * @param tls encrypts all its connections; empty if security is off
 * @param tokens the tokens that its calls carry
 * @param access decides about what it serves
 */
public record ProcessSecurity(Optional<TransportSecurity> tls, TokenSource tokens, AccessControl access) {
    /** Security that is off. */
    public static final ProcessSecurity OFF =
            new ProcessSecurity(Optional.empty(), TokenSource.NONE, AccessControl.OFF);
}
