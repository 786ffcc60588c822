package dev.treaty.security.tls;

import dev.treaty.core.security.PeerIdentity;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;

/** What was read from the files at one time, and the TLS that it gives. Sessions are resumed within it only. */
final class TlsContext {
    private static final int SESSIONS_MAX = 10_000;
    private static final int SESSION_SECONDS_MAX = 3_600;

    private static final List<String> SUITES = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private final Optional<OwnCertificate> own;
    private final PeerValidator validator;
    private final SSLContext context;
    private final SSLParameters parameters;
    private final PeerIdentity identity; // that the own certificate states
    private final Optional<String> refusal; // why its own authorities refuse it

    private TlsContext(
            Optional<OwnCertificate> own,
            PeerValidator validator,
            SSLContext context,
            SSLParameters parameters,
            PeerIdentity identity,
            Optional<String> refusal) {
        this.own = own;
        this.validator = validator;
        this.context = context;
        this.parameters = parameters;
        this.identity = identity;
        this.refusal = refusal;
    }

    /**
     * Makes the TLS of a certificate and a trust bundle.
     *
     * @throws CertificateException if the certificate states no identity
     */
    static TlsContext of(TlsPolicy policy, Optional<OwnCertificate> own, TrustBundle trust, InstantSource time)
            throws CertificateException {
        Optional<String> trustDomain = policy.trustDomain();
        if (own.isPresent() && trustDomain.isEmpty()) {
            trustDomain = CertificateNames.trustDomain(own.get().leaf());
        }
        var validator = new PeerValidator(trust, trustDomain);
        PeerIdentity identity = PeerIdentity.NONE;
        Optional<String> refusal = Optional.empty();
        if (own.isPresent()) {
            identity = CertificateNames.identity(
                    own.get().leaf(), trustDomain, own.get().expiresAt());
            try {
                validator.identify(own.get().chain(), time.instant());
            } catch (CertificateException e) {
                refusal = Optional.of(String.valueOf(e.getMessage()));
            }
        }
        SSLContext context = context(own, new PeerTrust(validator, time));
        return new TlsContext(own, validator, context, parameters(context, policy.tls12()), identity, refusal);
    }

    private static SSLContext context(Optional<OwnCertificate> own, PeerTrust trust) throws CertificateException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new PresentedKey(own)}, new TrustManager[] {trust}, null);
            for (SSLSessionContext sessions :
                    List.of(context.getServerSessionContext(), context.getClientSessionContext())) {
                sessions.setSessionCacheSize(SESSIONS_MAX);
                sessions.setSessionTimeout(SESSION_SECONDS_MAX);
            }
            return context;
        } catch (GeneralSecurityException e) {
            throw new CertificateException("this Java has no TLS: " + e.getMessage(), e);
        }
    }

    private static SSLParameters parameters(SSLContext context, boolean tls12) {
        List<String> supported =
                Arrays.asList(context.getSupportedSSLParameters().getCipherSuites());
        var parameters = new SSLParameters(
                SUITES.stream().filter(supported::contains).toArray(String[]::new),
                tls12 ? new String[] {"TLSv1.3", "TLSv1.2"} : new String[] {"TLSv1.3"});
        parameters.setUseCipherSuitesOrder(true);
        parameters.setWantClientAuth(true);
        return parameters;
    }

    Optional<OwnCertificate> own() {
        return own;
    }

    PeerValidator validator() {
        return validator;
    }

    /** Returns the identity that the own certificate states; {@link PeerIdentity#NONE} without one. */
    PeerIdentity identity() {
        return identity;
    }

    /** Returns why the own authorities refuse the own certificate; empty if they accept it. */
    Optional<String> refusal() {
        return refusal;
    }

    SSLEngine serverEngine() {
        if (own.isEmpty()) {
            throw new IllegalStateException("a server needs a certificate");
        }
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setSSLParameters(parameters);
        return engine;
    }

    SSLEngine clientEngine(String host, int port) {
        SSLEngine engine = context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        engine.setSSLParameters(parameters);
        return engine;
    }
}
