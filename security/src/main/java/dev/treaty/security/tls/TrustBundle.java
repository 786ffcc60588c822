package dev.treaty.security.tls;

import dev.treaty.core.text.PrintableText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/** The trusted authorities, and their lists of revoked certificates. */
final class TrustBundle {
    private static final String NAME_CONSTRAINTS = "2.5.29.30";
    private static final int PRINCIPAL_LENGTH_MAX = 120;

    private final Set<TrustAnchor> anchors;
    private final List<X509CRL> revocations;
    private final Map<X500Principal, Instant> endsByIssuer = new HashMap<>();

    private TrustBundle(Set<TrustAnchor> anchors, List<X509CRL> revocations) {
        this.anchors = anchors;
        this.revocations = revocations;
        for (X509CRL list : revocations) {
            Instant end = list.getNextUpdate() == null
                    ? Instant.MAX
                    : list.getNextUpdate().toInstant();
            endsByIssuer.merge(list.getIssuerX500Principal(), end, (one, other) -> one.isAfter(other) ? one : other);
        }
    }

    static TrustBundle read(CertificateFiles files, FileContents contents) throws CertificateException {
        var anchors = new HashSet<TrustAnchor>();
        for (Path file : files.authorities()) {
            for (X509Certificate authority : OwnCertificate.certificates(file, contents.of(file))) {
                if (authority.getBasicConstraints() < 0) {
                    throw new CertificateException(
                            file + " has a certificate that is not one of an authority: " + subject(authority));
                }
                anchors.add(new TrustAnchor(authority, null));
            }
        }
        var revocations = new ArrayList<X509CRL>();
        for (Path file : files.revocations()) {
            revocations.addAll(revocations(file, contents.of(file)));
        }
        if (!revocations.isEmpty()) {
            for (TrustAnchor anchor : anchors) {
                checkList(anchor.getTrustedCert(), revocations);
            }
        }
        return new TrustBundle(Set.copyOf(anchors), List.copyOf(revocations));
    }

    private static void checkList(X509Certificate authority, List<X509CRL> revocations) throws CertificateException {
        for (X509CRL list : revocations) {
            try {
                if (list.getIssuerX500Principal().equals(authority.getSubjectX500Principal())) {
                    list.verify(authority.getPublicKey());
                    return;
                }
            } catch (GeneralSecurityException _) {
                // of another authority with that name
            }
        }
        throw new CertificateException("there is no list of revoked certificates of the authority " + subject(authority)
                + ", which every authority needs once one has a list");
    }

    private static List<X509CRL> revocations(Path file, byte[] content) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        var lists = new ArrayList<X509CRL>();
        try {
            for (Pem block : Pem.blocks(file, content)) {
                if (block.label().equals("X509 CRL")) {
                    lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(block.der())));
                }
            }
            if (lists.isEmpty()) {
                lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(content)));
            }
            return lists;
        } catch (CRLException e) {
            throw new CertificateException(file + " is not a list of revoked certificates (PEM or DER)", e);
        }
    }

    Set<TrustAnchor> anchors() {
        return anchors;
    }

    List<X509CRL> revocations() {
        return revocations;
    }

    /**
     * Checks that an authority may issue a certificate for its names. The JDK's validation supports no such constraints
     * of trusted authorities.
     */
    static void checkNames(X509Certificate authority, X509Certificate issued) throws CertificateException {
        byte[] octets = authority.getExtensionValue(NAME_CONSTRAINTS);
        if (octets == null) {
            return;
        }
        int length = octets[1] & 0xff; // of the octet string that contains the constraints
        int header = length < 0x80 ? 2 : 2 + (length & 0x7f);
        var permitted = new X509CertSelector();
        try {
            permitted.setNameConstraints(Arrays.copyOfRange(octets, header, octets.length));
        } catch (IOException e) {
            throw new CertificateException("the name constraints of " + subject(authority) + " are damaged", e);
        }
        if (!permitted.match(issued)) {
            throw new CertificateException(
                    "the authority " + subject(authority) + " may not issue names such as those of " + subject(issued));
        }
    }

    X509Certificate[] authorities() {
        return anchors.stream()
                .map(TrustAnchor::getTrustedCert)
                .filter(Objects::nonNull)
                .toArray(X509Certificate[]::new);
    }

    /** Returns which lists have ended, as sentences. */
    List<String> ended(Instant now) {
        return endsByIssuer.entrySet().stream()
                .filter(each -> !now.isBefore(each.getValue()))
                .map(each ->
                        "the list of revoked certificates of " + text(each.getKey()) + " ended at " + each.getValue())
                .sorted()
                .toList();
    }

    /**
     * Returns until when the list of the issuer of a certificate is valid.
     *
     * @throws CertificateException if it has ended, or if there is none
     */
    Instant checkedUntil(X509Certificate certificate, Instant now) throws CertificateException {
        X500Principal issuer = certificate.getIssuerX500Principal();
        Instant end = endsByIssuer.get(issuer);
        if (end == null) {
            throw new CertificateException("there is no list of revoked certificates of " + text(issuer));
        }
        if (!now.isBefore(end)) {
            throw new CertificateException("the list of revoked certificates of " + text(issuer) + " ended at " + end);
        }
        return end;
    }

    /** Returns a description of a certificate that is safe to print. */
    static String subject(X509Certificate certificate) {
        return text(certificate.getSubjectX500Principal());
    }

    static String text(X500Principal principal) {
        return PrintableText.line(principal.getName(), PRINCIPAL_LENGTH_MAX);
    }
}
