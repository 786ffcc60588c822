package dev.treaty.security.tls;

import dev.treaty.certificates.IssuedCertificate;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** A peer that presents any certificate, and trusts every peer. */
final class Attacker {
    private final SSLContext context;

    /** @param chain what it presents; nothing if it is empty */
    Attacker(PrivateKey key, X509Certificate... chain) throws GeneralSecurityException {
        Optional<OwnCertificate> own =
                chain.length == 0 ? Optional.empty() : Optional.of(new OwnCertificate(Arrays.asList(chain), key));
        context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new PresentedKey(own)}, new TrustManager[] {new TrustEveryone()}, null);
    }

    Attacker(IssuedCertificate issued) throws GeneralSecurityException {
        this(issued.key(), issued.certificate());
    }

    SSLEngine client(String... protocols) {
        SSLEngine engine = context.createSSLEngine("localhost", 7443);
        engine.setUseClientMode(true);
        if (protocols.length > 0) {
            engine.setEnabledProtocols(protocols);
        }
        return engine;
    }

    SSLEngine server() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setWantClientAuth(true);
        return engine;
    }

    private static final class TrustEveryone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return List.of().toArray(X509Certificate[]::new);
        }
    }
}
