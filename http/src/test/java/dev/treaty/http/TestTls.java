package dev.treaty.http;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The TLS of a process, with a certificate and revocations that a test changes. */
final class TestTls implements TransportSecurity {
    static final CertificateAuthority AUTHORITY = CertificateAuthority.inMemory("shop.example", Time.system());

    private static final String SPIFFE = "spiffe://shop.example/";

    /** What is in force. */
    private record State(long generation, SSLContext context, Set<Certificate> revoked) {}

    private final CertificateAuthority trusted;
    final AtomicInteger identified = new AtomicInteger();
    private volatile State state;

    /** @param own null for a process without a certificate */
    TestTls(CertificateAuthority trusted, @Nullable IssuedCertificate own) {
        this.trusted = trusted;
        this.state = new State(1, context(own), Set.of());
    }

    /** A process of the authority's trust domain, with a new certificate. */
    static TestTls of(String name) {
        return new TestTls(AUTHORITY, AUTHORITY.issue(name));
    }

    /** A process without a certificate. */
    static TestTls anonymous() {
        return new TestTls(AUTHORITY, null);
    }

    /** A process with a certificate that is wrong in some way. */
    static TestTls of(CertificateRequest request) {
        return new TestTls(AUTHORITY, AUTHORITY.issue(request));
    }

    synchronized void replace(IssuedCertificate own) {
        state = new State(state.generation + 1, context(own), state.revoked);
    }

    synchronized void revoke(Certificate revoked) {
        var all = new HashSet<>(state.revoked);
        all.add(revoked);
        state = new State(state.generation + 1, state.context, all);
    }

    @Override
    public long generation() {
        return state.generation;
    }

    @Override
    public SSLEngine serverEngine() {
        SSLEngine engine = state.context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setWantClientAuth(true);
        return engine;
    }

    @Override
    public SSLEngine clientEngine(String host, int port) {
        SSLEngine engine = state.context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        return engine;
    }

    SSLContext context() {
        return state.context;
    }

    @Override
    public PeerIdentity identify(SSLSession session) throws CertificateException {
        identified.incrementAndGet();
        try {
            X509Certificate peer = (X509Certificate) session.getPeerCertificates()[0];
            check(peer);
            List<String> names = peer.getSubjectAlternativeNames().stream()
                    .map(name -> String.valueOf(name.get(1)))
                    .filter(name -> name.startsWith("spiffe:"))
                    .toList();
            if (!names.getFirst().startsWith(SPIFFE)) {
                throw new CertificateException("it is of another trust domain");
            }
            Instant until = peer.getNotAfter().toInstant();
            return new PeerIdentity(names, names.getFirst().substring(SPIFFE.length()), until);
        } catch (SSLPeerUnverifiedException _) {
            return PeerIdentity.NONE;
        }
    }

    private void check(X509Certificate peer) throws CertificateException {
        peer.checkValidity(Date.from(Time.system().instant()));
        if (state.revoked.contains(peer)) {
            throw new CertificateException("it is revoked");
        }
        try {
            peer.verify(trusted.certificate().getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException("it is of an authority that is not trusted", e);
        }
    }

    @Override
    public void checkServes(PeerIdentity server, ServiceName service) throws CertificateException {
        if (!server.name().equals(service.value())) {
            throw new CertificateException(server.name() + " may not serve " + service);
        }
    }

    private SSLContext context(@Nullable IssuedCertificate own) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own == null ? null : keys(own), new TrustManager[] {new Trust()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyManager[] keys(IssuedCertificate own) {
        return new KeyManager[] {new Keys(own)};
    }

    /** Presents a certificate to everyone, also to peers that trust other authorities only. */
    private static final class Keys extends X509ExtendedKeyManager {
        private static final String ALIAS = "own";
        private final IssuedCertificate own;

        Keys(IssuedCertificate own) {
            this.own = own;
        }

        @Override
        public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
            return type.equals("EC") ? ALIAS : null;
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[] {own.certificate()};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return own.key();
        }
    }

    /** Trusts the certificates of the authority. */
    private final class Trust extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain[0]);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain[0]);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain[0]);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain[0]);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain[0]);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain[0]);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[] {trusted.certificate()};
        }
    }
}
