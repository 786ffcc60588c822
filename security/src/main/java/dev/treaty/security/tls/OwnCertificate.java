package dev.treaty.security.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The certificate of a process with its key, which fit.
 *
 * @param chain the certificate, then those of the authorities above it
 * @param key its key. Text forms never contain it
 */
record OwnCertificate(List<X509Certificate> chain, PrivateKey key) {
    OwnCertificate {
        chain = List.copyOf(chain);
    }

    X509Certificate leaf() {
        return chain.getFirst();
    }

    /** Reads it from the files; empty if there is none. */
    static Optional<OwnCertificate> read(CertificateFiles files, FileContents contents) throws CertificateException {
        if (files.certificate().isEmpty()) {
            return Optional.empty();
        }
        Path file = files.certificate().get();
        OwnCertificate own;
        if (files.password().isPresent()) {
            own = pkcs12(
                    file,
                    contents.of(file),
                    password(contents.of(files.password().get())));
        } else {
            Path keyFile = files.key().orElseThrow();
            own = new OwnCertificate(certificates(file, contents.of(file)), key(keyFile, contents.of(keyFile)));
        }
        own.check(file);
        return Optional.of(own);
    }

    /** Returns the certificates of a PEM file; at least one. */
    static List<X509Certificate> certificates(Path file, byte[] content) throws CertificateException {
        var certificates = new ArrayList<X509Certificate>();
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (Pem block : Pem.blocks(file, content)) {
            if (block.label().equals("CERTIFICATE") || block.label().equals("TRUSTED CERTIFICATE")) {
                try {
                    certificates.add(
                            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.der())));
                } catch (CertificateException e) {
                    throw new CertificateException(file + " is damaged: " + e.getMessage(), e);
                }
            }
        }
        if (certificates.isEmpty()) {
            throw new CertificateException(file + " has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
        }
        return certificates;
    }

    private static PrivateKey key(Path file, byte[] content) throws CertificateException {
        for (Pem block : Pem.blocks(file, content)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return key(file, new PKCS8EncodedKeySpec(block.der()));
                }
                case "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY" ->
                    throw new CertificateException(file + " has a key of the form " + block.label()
                            + ", not PKCS#8 without encryption. Convert it: openssl pkcs8 -topk8 -nocrypt -in " + file
                            + " -out NEW");
                default -> {
                    // certificates may be beside it
                }
            }
        }
        throw new CertificateException(file + " has no key in PEM (-----BEGIN PRIVATE KEY-----)");
    }

    private static PrivateKey key(Path file, PKCS8EncodedKeySpec encoded) throws CertificateException {
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException _) {
                // of another algorithm
            } catch (GeneralSecurityException e) {
                throw new CertificateException(e);
            }
        }
        throw new CertificateException(file + " has a key that is neither EC nor RSA nor EdDSA, or is damaged");
    }

    private static char[] password(byte[] content) {
        return new String(content, StandardCharsets.UTF_8)
                .replaceFirst("\\R$", "")
                .toCharArray();
    }

    private static OwnCertificate pkcs12(Path file, byte[] content, char[] password) throws CertificateException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(content), password);
            for (String alias : Collections.list(store.aliases())) {
                Key key = store.getKey(alias, password);
                Certificate[] chain = store.getCertificateChain(alias);
                if (key instanceof PrivateKey secret && chain != null) {
                    return new OwnCertificate(
                            Arrays.stream(chain)
                                    .map(X509Certificate.class::cast)
                                    .toList(),
                            secret);
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new CertificateException(file + " cannot be opened with its password, or is not PKCS#12", e);
        } finally {
            Arrays.fill(password, ' ');
        }
        throw new CertificateException(file + " has no key");
    }

    private void check(Path file) throws CertificateException {
        if (!fits(leaf().getPublicKey(), key)) {
            throw new CertificateException("the key does not fit the certificate " + file);
        }
        for (int i = 1; i < chain.size(); i++) {
            try {
                chain.get(i - 1).verify(chain.get(i).getPublicKey());
            } catch (GeneralSecurityException e) {
                throw new CertificateException(
                        "certificate " + i + " of " + file + " is not signed by the one after it", e);
            }
        }
    }

    /** Returns when the first certificate of the chain expires. */
    Instant expiresAt() {
        return chain.stream()
                .map(each -> each.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .orElseThrow();
    }

    /** @throws CertificateException if it has expired, or is not valid yet */
    void checkTime(Instant now) throws CertificateException {
        for (X509Certificate each : chain) {
            PeerValidator.checkTime(each, now);
        }
    }

    private static boolean fits(PublicKey open, PrivateKey secret) {
        byte[] probe = "does the key fit".getBytes(StandardCharsets.US_ASCII);
        try {
            String algorithm = switch (secret.getAlgorithm()) {
                case "EC" -> "SHA256withECDSA";
                case "RSA" -> "SHA256withRSA";
                default -> "EdDSA";
            };
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(secret);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(open);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException _) {
            return false; // of another algorithm
        }
    }

    @Override
    public String toString() {
        return "OwnCertificate[" + leaf().getSubjectX500Principal() + "]";
    }
}
