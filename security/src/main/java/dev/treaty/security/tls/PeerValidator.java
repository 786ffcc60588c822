package dev.treaty.security.tls;

import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.text.PrintableText;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Validates the certificates of peers against one trust bundle. A result is kept as long as time alone does not change
 * it, so that the requests of a connection and resumed sessions cost no signature check.
 */
final class PeerValidator {
    /** The most intermediate authorities of a chain. */
    private static final int INTERMEDIATES_MAX = 5;

    /** The most results that are kept. */
    private static final int KEPT_MAX = 1_000;

    private static final int RSA_BITS_MIN = 2_048;
    private static final int EC_BITS_MIN = 256;
    private static final Pattern WEAK_SIGNATURE = Pattern.compile("(?i)MD|SHA-?1(?!\\d)");
    private static final int MESSAGE_LENGTH_MAX = 200;

    private final TrustBundle trust;
    private final Optional<String> trustDomain;
    private final Map<List<X509Certificate>, Valid> kept = new ConcurrentHashMap<>();

    private record Valid(PeerIdentity identity, Instant from, Instant until) {}

    PeerValidator(TrustBundle trust, Optional<String> trustDomain) {
        this.trust = trust;
        this.trustDomain = trustDomain;
    }

    TrustBundle trust() {
        return trust;
    }

    /**
     * Returns the identity of a peer.
     *
     * @param chain its certificate, followed by others in any order
     */
    PeerIdentity identify(List<X509Certificate> chain, Instant now) throws CertificateException {
        Valid valid = kept.get(chain);
        if (valid == null || now.isBefore(valid.from) || !now.isBefore(valid.until)) {
            valid = validate(chain, now);
            if (kept.size() >= KEPT_MAX) {
                kept.clear();
            }
            kept.put(List.copyOf(chain), valid);
        }
        return valid.identity;
    }

    private Valid validate(List<X509Certificate> chain, Instant now) throws CertificateException {
        X509Certificate leaf = chain.getFirst();
        checkTime(leaf, now);
        PKIXCertPathBuilderResult built = build(chain, now);
        List<? extends Certificate> path = built.getCertPath().getCertificates();
        X509Certificate anchor = built.getTrustAnchor().getTrustedCert();
        checkTime(anchor, now); // which the builder does not
        if (path.size() - 1 > anchor.getBasicConstraints()) {
            throw new CertificateException(
                    "the authority " + TrustBundle.subject(anchor) + " may not have authorities below it");
        }
        Instant expiresAt = anchor.getNotAfter().toInstant();
        for (Certificate each : path) {
            var certificate = (X509Certificate) each;
            TrustBundle.checkNames(anchor, certificate);
            checkStrength(certificate);
            expiresAt = earlier(expiresAt, certificate.getNotAfter().toInstant());
        }
        Instant until = earlier(expiresAt, checkRevocations(built, now));
        return new Valid(CertificateNames.identity(leaf, trustDomain, expiresAt), now, until);
    }

    private PKIXCertPathBuilderResult build(List<X509Certificate> chain, Instant now) throws CertificateException {
        var target = new X509CertSelector();
        target.setCertificate(chain.getFirst());
        try {
            var parameters = new PKIXBuilderParameters(trust.anchors(), target);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            parameters.setDate(Date.from(now));
            parameters.setRevocationEnabled(false); // checked for the path that was found
            parameters.setMaxPathLength(INTERMEDIATES_MAX);
            return (PKIXCertPathBuilderResult)
                    CertPathBuilder.getInstance("PKIX").build(parameters);
        } catch (CertPathBuilderException e) {
            throw new CertificateException(
                    "no trusted authority has issued the certificate of " + TrustBundle.subject(chain.getFirst())
                            + " of " + TrustBundle.text(chain.getFirst().getIssuerX500Principal()) + ": " + shown(e),
                    e);
        } catch (GeneralSecurityException e) {
            throw new CertificateException("the certificate cannot be checked: " + shown(e), e);
        }
    }

    /** Returns until when the lists of revoked certificates of the path are valid. */
    private Instant checkRevocations(PKIXCertPathBuilderResult built, Instant now) throws CertificateException {
        Instant until = Instant.MAX;
        if (trust.revocations().isEmpty()) {
            return until;
        }
        CertPath path = built.getCertPath();
        for (Certificate each : path.getCertificates()) {
            until = earlier(until, trust.checkedUntil((X509Certificate) each, now));
        }
        try {
            CertPathValidator validator = CertPathValidator.getInstance("PKIX");
            var revocation = (PKIXRevocationChecker) validator.getRevocationChecker();
            revocation.setOptions(
                    EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
            var parameters = new PKIXParameters(Set.of(built.getTrustAnchor()));
            parameters.setDate(Date.from(now));
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(trust.revocations())));
            parameters.addCertPathChecker(revocation);
            validator.validate(path, parameters);
            return until;
        } catch (CertPathValidatorException e) {
            boolean revoked = e.getReason() == CertPathValidatorException.BasicReason.REVOKED;
            X509Certificate leaf = (X509Certificate) path.getCertificates().getFirst();
            throw new CertificateException(
                    "the certificate of " + TrustBundle.subject(leaf)
                            + (revoked ? " is revoked" : " may be revoked: " + shown(e)),
                    e);
        } catch (GeneralSecurityException e) {
            throw new CertificateException("the certificate cannot be checked: " + shown(e), e);
        }
    }

    static void checkTime(X509Certificate certificate, Instant now) throws CertificateException {
        String name = "the certificate of " + TrustBundle.subject(certificate);
        Instant from = certificate.getNotBefore().toInstant();
        Instant to = certificate.getNotAfter().toInstant();
        if (now.isBefore(from)) {
            throw new CertificateNotYetValidException(name + " is not valid before " + from);
        }
        if (!now.isBefore(to)) {
            throw new CertificateExpiredException(name + " expired at " + to);
        }
    }

    /** Refuses what the JDK accepts of private authorities still. */
    private static void checkStrength(X509Certificate certificate) throws CertificateException {
        int bits = switch (certificate.getPublicKey()) {
            case RSAKey rsa -> rsa.getModulus().bitLength() - RSA_BITS_MIN;
            case ECKey ec -> ec.getParams().getOrder().bitLength() - EC_BITS_MIN;
            default -> 0;
        };
        if (bits < 0) {
            throw new CertificateException(
                    "the key of the certificate of " + TrustBundle.subject(certificate) + " is too short");
        }
        if (WEAK_SIGNATURE.matcher(certificate.getSigAlgName()).lookingAt()) {
            throw new CertificateException("the certificate of " + TrustBundle.subject(certificate) + " is signed with "
                    + certificate.getSigAlgName());
        }
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private static String shown(Exception e) {
        return PrintableText.line(String.valueOf(e.getMessage()), MESSAGE_LENGTH_MAX);
    }
}
