package dev.treaty.certificates;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * A certificate with its key.
 *
 * @param name the name of its files
 * @param certificate the certificate
 * @param key its key. Text forms never contain it
 */
public record IssuedCertificate(String name, X509Certificate certificate, PrivateKey key) {
    /** Returns the certificate as PEM. */
    public String pem() {
        try {
            return Pem.text(certificate);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the certificate has no encoding", e);
        }
    }

    /** Returns the key as PEM, in PKCS#8. */
    public String keyPem() {
        return Pem.text(key);
    }

    /**
     * Writes {@code NAME.key}, which only its owner can read, and then {@code NAME.pem}. Each file is replaced at once;
     * between both, a reader sees the new key with the old certificate, and has to read again.
     */
    public void write(Path directory) throws IOException {
        write(directory.resolve(name + ".pem"), directory.resolve(name + ".key"));
    }

    /** Writes the key, which only its owner can read, and then the certificate. */
    public void write(Path certificateFile, Path keyFile) throws IOException {
        OwnFiles.writeSecret(keyFile, keyPem());
        OwnFiles.write(certificateFile, pem());
    }

    /** Writes both into one PKCS#12 file, which only its owner can read. */
    public void writePkcs12(Path file, char[] password) throws IOException {
        OwnFiles.writeSecret(file, "");
        try (OutputStream out = Files.newOutputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(name, key, password, new X509Certificate[] {certificate});
            store.store(out, password);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has PKCS#12", e);
        }
    }

    @Override
    public String toString() {
        return "IssuedCertificate[" + name + ", serial number "
                + certificate.getSerialNumber().toString(16) + ", until "
                + certificate.getNotAfter().toInstant() + "]";
    }
}
