package dev.treaty.core.security;

import dev.treaty.core.contract.ServiceName;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

/**
 * The TLS of a process: its certificate, and whom it trusts. Both may change while it runs; connections that are opened
 * then use the newest ones. It is thread-safe.
 */
public interface TransportSecurity {
    /**
     * The number of the certificates, authorities and revocations in force; each change increases it. A connection of
     * an earlier generation is {@linkplain #identify identified} again before its next request.
     */
    long generation();

    /** Returns the engine for an accepted connection. It requests a certificate of the client. */
    SSLEngine serverEngine();

    /**
     * Returns the engine for a connection to a server.
     *
     * @param host the name of the server, for SNI
     */
    SSLEngine clientEngine(String host, int port);

    /**
     * Returns who the peer of a connection is, after the handshake.
     *
     * @return {@link PeerIdentity#NONE} if it has no certificate
     * @throws CertificateException if its certificate is no longer valid: expired, revoked or no longer trusted
     */
    PeerIdentity identify(SSLSession session) throws CertificateException;

    /**
     * Checks that a server is one of a service.
     *
     * @throws CertificateException if its identity may not serve the service
     */
    void checkServes(PeerIdentity server, ServiceName service) throws CertificateException;
}
