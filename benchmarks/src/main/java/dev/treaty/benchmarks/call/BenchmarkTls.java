package dev.treaty.benchmarks.call;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.TransportSecurity;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS 1.3 of the JDK's provider with one cipher suite, the same for all subjects. Clients trust every server: only
 * calls over open connections are measured.
 */
final class BenchmarkTls implements TransportSecurity {
    static final String PROTOCOL = "TLSv1.3";
    static final String CIPHER_SUITE = "TLS_AES_256_GCM_SHA384";

    private final SSLContext context;

    BenchmarkTls() {
        IssuedCertificate own = certificate();
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("own", own.key(), new char[0], new Certificate[] {own.certificate()});
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, new char[0]);
            context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), new TrustManager[] {new Everyone()}, null);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static IssuedCertificate certificate() {
        return CertificateAuthority.inMemory("bench.example", Clock.systemUTC()).issue("bench.Echo");
    }

    @Override
    public long generation() {
        return 0;
    }

    @Override
    public SSLEngine serverEngine() {
        return restricted(context.createSSLEngine());
    }

    @Override
    public SSLEngine clientEngine(String host, int port) {
        return restricted(context.createSSLEngine(host, port));
    }

    private static SSLEngine restricted(SSLEngine engine) {
        engine.setEnabledProtocols(new String[] {PROTOCOL});
        engine.setEnabledCipherSuites(new String[] {CIPHER_SUITE});
        return engine;
    }

    @Override
    public PeerIdentity identify(SSLSession session) {
        return PeerIdentity.NONE;
    }

    @Override
    public void checkServes(PeerIdentity server, ServiceName service) {}

    /** Trusts everyone. */
    private static final class Everyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
