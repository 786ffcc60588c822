package dev.treaty.security.tls;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the certificate of a process is, and whom it trusts. The files are PEM; the certificate with its key may be
 * PKCS#12 instead. All are read again when they change.
 *
 * @param certificate the certificate of the process, followed by those of the authorities between it and a trusted one;
 *     or a PKCS#12 file with its key; empty for none, which suffices for a client that has a token
 * @param key its key, in PKCS#8, not encrypted; empty for PKCS#12
 * @param password a file with the password of the PKCS#12 file; a line break at its end does not count
 * @param authorities the certificates of the trusted authorities; at least one file with at least one certificate
 * @param revocations lists of revoked certificates, PEM or DER. If there are any, each authority needs one, also those
 *     between a certificate and a trusted authority; without one, or once it has ended, its certificates are refused
 */
public record CertificateFiles(
        Optional<Path> certificate,
        Optional<Path> key,
        Optional<Path> password,
        List<Path> authorities,
        List<Path> revocations) {
    /** @throws IllegalArgumentException if a file is missing that another one needs */
    public CertificateFiles {
        authorities = List.copyOf(authorities);
        revocations = List.copyOf(revocations);
        if (certificate.isPresent() && key.isEmpty() == password.isEmpty()) {
            throw new IllegalArgumentException("a certificate needs either a key, or, in PKCS#12, a password");
        }
        if (certificate.isEmpty() && (key.isPresent() || password.isPresent())) {
            throw new IllegalArgumentException("a key or a password needs a certificate");
        }
        if (authorities.isEmpty()) {
            throw new IllegalArgumentException("there must be a file of trusted authorities");
        }
    }

    /** A certificate and a key in PEM. */
    public static CertificateFiles pem(Path certificate, Path key, Path authorities) {
        return new CertificateFiles(
                Optional.of(certificate), Optional.of(key), Optional.empty(), List.of(authorities), List.of());
    }

    /** A certificate and a key in PKCS#12. */
    public static CertificateFiles pkcs12(Path store, Path password, Path authorities) {
        return new CertificateFiles(
                Optional.of(store), Optional.empty(), Optional.of(password), List.of(authorities), List.of());
    }

    /** No certificate, for a client that proves by tokens who calls. */
    public static CertificateFiles trusting(Path authorities) {
        return new CertificateFiles(
                Optional.empty(), Optional.empty(), Optional.empty(), List.of(authorities), List.of());
    }

    /** The files of {@code treaty certs}: {@code NAME.pem}, {@code NAME.key}, {@code ca.pem} and {@code ca.crl}. */
    public static CertificateFiles development(Path directory, String name) {
        return new CertificateFiles(
                Optional.of(directory.resolve(name + ".pem")),
                Optional.of(directory.resolve(name + ".key")),
                Optional.empty(),
                List.of(directory.resolve("ca.pem")),
                List.of(directory.resolve("ca.crl")));
    }

    /** The files of a secret of cert-manager: {@code tls.crt}, {@code tls.key} and {@code ca.crt}. */
    public static CertificateFiles certManager(Path directory) {
        return pem(directory.resolve("tls.crt"), directory.resolve("tls.key"), directory.resolve("ca.crt"));
    }

    /** The files of spiffe-helper: {@code svid.pem}, {@code svid_key.pem} and {@code svid_bundle.pem}. */
    public static CertificateFiles spiffeHelper(Path directory) {
        return pem(
                directory.resolve("svid.pem"), directory.resolve("svid_key.pem"), directory.resolve("svid_bundle.pem"));
    }

    /**
     * The files of a directory: those of cert-manager if it has {@code tls.crt}, else those of spiffe-helper if it has
     * {@code svid.pem}, else those of {@code treaty certs} for this name.
     */
    public static CertificateFiles of(Path directory, String name) {
        if (Files.exists(directory.resolve("tls.crt"))) {
            return certManager(directory);
        }
        return Files.exists(directory.resolve("svid.pem")) ? spiffeHelper(directory) : development(directory, name);
    }

    /** The same with these lists of revoked certificates. */
    public CertificateFiles withRevocations(List<Path> lists) {
        return new CertificateFiles(certificate, key, password, authorities, lists);
    }

    /** Returns the files of the own certificate. */
    List<Path> ofOwn() {
        return Stream.of(certificate, key, password).flatMap(Optional::stream).toList();
    }

    /** Returns the files that say whom the process trusts. */
    List<Path> ofTrust() {
        return Stream.concat(authorities.stream(), revocations.stream()).toList();
    }
}
