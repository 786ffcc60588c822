package dev.treaty.http.server;

import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.TransportSecurity;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection comes from: a client, or a trusted proxy that states the addresses of its clients; and whose
 * certificate it has. Used by the event loop only.
 */
final class Peer {
    private final ServerParts parts;
    private final Optional<InetAddress> address;

    private @Nullable SSLSession session;
    private PeerIdentity identity = PeerIdentity.NONE;

    /** The generation of certificates in which the identity was determined; none has this number. */
    private long generation = Long.MIN_VALUE;

    private Peer(ServerParts parts, Optional<InetAddress> address) {
        this.parts = parts;
        this.address = address;
    }

    static Peer of(@Nullable SocketAddress remote, ServerParts parts) {
        return new Peer(
                parts,
                remote instanceof InetSocketAddress socket
                        ? Optional.ofNullable(socket.getAddress())
                        : Optional.empty());
    }

    /** The peer that a trusted proxy states for the whole connection. */
    Peer behind(InetAddress stated) {
        return new Peer(parts, Optional.of(stated));
    }

    /** Notes that the connection is encrypted. */
    void encrypted(SSLSession agreed) {
        session = agreed;
    }

    /** Whether the connection is encrypted. */
    boolean encrypted() {
        return session != null;
    }

    /**
     * Returns whose certificate the connection has. It is determined again when the certificates in force have changed,
     * also for a connection that continues an earlier session.
     *
     * @throws CertificateException if the certificate is no longer valid
     */
    PeerIdentity identity() throws CertificateException {
        TransportSecurity tls = parts.tls();
        SSLSession agreed = session;
        if (tls == null || agreed == null) {
            return PeerIdentity.NONE;
        }
        long now = tls.generation();
        if (now != generation) {
            identity = tls.identify(agreed);
            generation = now;
        }
        if (identity.expiresAt().isBefore(parts.time().instant())) {
            throw new CertificateExpiredException("the certificate of the connection has expired");
        }
        return identity;
    }

    /** Whether it is a trusted proxy. */
    boolean trusted() {
        return address.isPresent() && parts.rules().get().proxies().trusts(address.get());
    }

    /** The address of the client of a request; empty if the connection had ended before it was known. */
    Optional<InetAddress> client(HttpHeaders headers) {
        TrustedProxies now = parts.rules().get().proxies();
        return address.map(sender -> now.trusts(sender) ? now.client(sender, headers) : sender);
    }
}
