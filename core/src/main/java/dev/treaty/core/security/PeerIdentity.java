package dev.treaty.core.security;

import java.time.Instant;
import java.util.List;

/**
 * The identity of a peer, as its valid certificate states it.
 *
 * @param names the SPIFFE id, such as {@code spiffe://shop.example/shop.Orders}, or else the DNS names of the
 *     certificate; empty if the peer has no certificate
 * @param name the name for rules, such as {@code shop.Orders}: the path of the SPIFFE id, or the first DNS name; empty
 *     if the peer has no certificate
 * @param expiresAt when the certificate expires
 */
public record PeerIdentity(List<String> names, String name, Instant expiresAt) {
    /** A peer without a certificate. */
    public static final PeerIdentity NONE = new PeerIdentity(List.of(), "", Instant.MAX);

    /** Copies the names. */
    public PeerIdentity {
        names = List.copyOf(names);
    }
}
