package dev.treaty.security.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Accepts peers whose certificate is valid and identifies them. Host names do not count: what a peer may serve is
 * decided by its identity.
 */
final class PeerTrust extends X509ExtendedTrustManager {
    private static final String SERVER = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT = "1.3.6.1.5.5.7.3.2";
    private static final String ANY = "2.5.29.37.0";

    private final PeerValidator validator;
    private final InstantSource time;

    PeerTrust(PeerValidator validator, InstantSource time) {
        this.validator = validator;
        this.time = time;
    }

    private void check(X509Certificate[] chain, String use, String name) throws CertificateException {
        List<String> uses = chain[0].getExtendedKeyUsage();
        if (uses != null && !uses.contains(use) && !uses.contains(ANY)) {
            throw new CertificateException(
                    "the certificate of " + TrustBundle.subject(chain[0]) + " is not one of a " + name);
        }
        validator.identify(List.of(chain), time.instant());
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        check(chain, CLIENT, "client");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        check(chain, SERVER, "server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return validator.trust().authorities();
    }
}
