package dev.treaty.core.security;

import java.net.InetAddress;
import java.util.Optional;

/**
 * What a request or a program presents in order to prove who it is.
 *
 * @param secret a token or an API key; empty for none. Text forms never contain it
 * @param peer the identity in the certificate of the connection; {@link PeerIdentity#NONE} for none
 * @param claimed the name that the sender claims; empty for none. It proves nothing
 * @param address the address of the sender, if it is known: failed attempts are limited by it
 */
public record Credentials(String secret, PeerIdentity peer, String claimed, Optional<InetAddress> address) {
    /** A token or an API key alone. */
    public static Credentials of(String secret) {
        return new Credentials(secret, PeerIdentity.NONE, "", Optional.empty());
    }

    @Override
    public String toString() {
        return "Credentials[" + (secret.isEmpty() ? "no secret" : "a secret") + ", peer=" + peer.names() + "]";
    }
}
