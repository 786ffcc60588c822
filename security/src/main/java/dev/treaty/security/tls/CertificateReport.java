package dev.treaty.security.tls;

import dev.treaty.core.text.PrintableText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the certificate in a PEM file states, and what is wrong with it. Its key, its authorities and their list of
 * revoked certificates are looked for beside it, by the names that {@code treaty certs}, cert-manager and spiffe-helper
 * give them.
 *
 * @param file the file
 * @param identity the name for rules; empty if it is the certificate of an authority, or states no identity
 * @param names the URIs, DNS names and IP addresses
 * @param subject the subject, which means nothing to Treaty
 * @param issuer who issued it
 * @param authority whether it is the certificate of an authority
 * @param serial the serial number in hexadecimal
 * @param validFrom from when it is valid
 * @param expiresAt when it expires
 * @param fingerprint the SHA-256 of the certificate in hexadecimal
 * @param problems what is wrong, in sentences
 */
public record CertificateReport(
        Path file,
        String identity,
        List<String> names,
        String subject,
        String issuer,
        boolean authority,
        String serial,
        Instant validFrom,
        Instant expiresAt,
        String fingerprint,
        List<String> problems) {
    private static final List<String> AUTHORITIES = List.of("ca.pem", "ca.crt", "svid_bundle.pem");
    private static final String REVOCATIONS = "ca.crl";
    private static final Map<String, String> KEYS = Map.of("tls.crt", "tls.key", "svid.pem", "svid_key.pem");
    private static final int[] NAME_TYPES = {CertificateNames.URI, CertificateNames.DNS_NAME, CertificateNames.ADDRESS};

    /** Copies the lists. */
    public CertificateReport {
        names = List.copyOf(names);
        problems = List.copyOf(problems);
    }

    /**
     * Reads the first certificate of a file.
     *
     * @throws CertificateException if the file has none
     */
    public static CertificateReport of(Path file, Instant now) throws CertificateException {
        FileContents contents = FileContents.read(List.of(file));
        List<X509Certificate> chain = OwnCertificate.certificates(file, contents.of(file));
        X509Certificate certificate = chain.getFirst();
        boolean authority = certificate.getBasicConstraints() >= 0;
        var problems = new ArrayList<String>();
        check(problems, () -> PeerValidator.checkTime(certificate, now));
        Instant from = certificate.getNotBefore().toInstant();
        Instant to = certificate.getNotAfter().toInstant();
        Duration third = Duration.between(from, to).dividedBy(3);
        if (problems.isEmpty() && now.isAfter(to.minus(third))) {
            problems.add("less than a third of its life is left");
        }
        String identity = "";
        if (!authority) {
            try {
                Optional<String> domain = CertificateNames.trustDomain(certificate);
                identity = CertificateNames.identity(certificate, domain, to).name();
            } catch (CertificateException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
            checkTrust(file, chain, now, problems);
        }
        checkKey(file, problems);
        var names = new ArrayList<String>();
        for (int type : NAME_TYPES) {
            CertificateNames.names(certificate, type).forEach(name -> names.add(PrintableText.line(name)));
        }
        return new CertificateReport(
                file,
                identity,
                names,
                TrustBundle.subject(certificate),
                TrustBundle.text(certificate.getIssuerX500Principal()),
                authority,
                certificate.getSerialNumber().toString(16),
                from,
                to,
                fingerprint(certificate),
                problems.stream().distinct().toList());
    }

    private static void checkTrust(Path file, List<X509Certificate> chain, Instant now, List<String> problems) {
        List<Path> authorities = AUTHORITIES.stream()
                .map(file::resolveSibling)
                .filter(Files::exists)
                .limit(1)
                .toList();
        if (authorities.isEmpty() || !problems.isEmpty()) {
            return; // nothing to check with, or known to be refused
        }
        List<Path> lists = Stream.of(file.resolveSibling(REVOCATIONS))
                .filter(Files::exists)
                .toList();
        var files = new CertificateFiles(Optional.empty(), Optional.empty(), Optional.empty(), authorities, lists);
        check(problems, () -> {
            TrustBundle trust = TrustBundle.read(files, FileContents.read(files.ofTrust()));
            new PeerValidator(trust, CertificateNames.trustDomain(chain.getFirst())).identify(chain, now);
        });
    }

    private static void checkKey(Path file, List<String> problems) {
        String name = Objects.toString(file.getFileName(), "");
        Path key = file.resolveSibling(KEYS.getOrDefault(name, name.replaceFirst("\\.[^.]*$", "") + ".key"));
        if (!Files.exists(key)) {
            return;
        }
        var files = CertificateFiles.pem(file, key, file);
        check(problems, () -> OwnCertificate.read(files, FileContents.read(files.ofOwn())));
        try {
            if (Files.getPosixFilePermissions(key).stream().anyMatch(CertificateReport::isOfOthers)) {
                problems.add("others can read or change " + key + ": chmod 600 " + key);
            }
        } catch (IOException | UnsupportedOperationException _) {
            // gone, or on a system with rights of another kind
        }
    }

    private static boolean isOfOthers(PosixFilePermission right) {
        return !right.name().startsWith("OWNER_");
    }

    /** A check that throws what is wrong. */
    private interface Check {
        void run() throws CertificateException;
    }

    private static void check(List<String> problems, Check check) {
        try {
            check.run();
        } catch (CertificateException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }

    private static String fingerprint(X509Certificate certificate) throws CertificateException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return HexFormat.of().formatHex(digest);
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
