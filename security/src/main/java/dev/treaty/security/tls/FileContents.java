package dev.treaty.security.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What files contained when they were read, or why one could not be read. */
final class FileContents {
    /** The largest file that is read: a list of some 200,000 revoked certificates. */
    static final int BYTES_MAX = 8 << 20;

    private final Map<Path, byte[]> contents = new LinkedHashMap<>();
    private final Map<Path, String> problems = new LinkedHashMap<>();

    private FileContents() {}

    static FileContents read(List<Path> files) {
        var read = new FileContents();
        files.stream().distinct().forEach(read::read);
        return read;
    }

    private void read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(BYTES_MAX + 1);
            if (bytes.length > BYTES_MAX) {
                problems.put(file, "is larger than " + (BYTES_MAX >> 20) + " MiB");
            } else {
                contents.put(file, bytes);
            }
        } catch (NoSuchFileException _) {
            problems.put(file, "does not exist");
        } catch (IOException e) {
            problems.put(file, "cannot be read: " + e.getMessage());
        }
    }

    /** Returns a value that is equal if all contents are. */
    String digest() {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            contents.forEach((file, bytes) -> {
                digest.update((file + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            });
            digest.update(problems.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Returns what one of the files contains.
     *
     * @throws CertificateException if it could not be read
     */
    byte[] of(Path file) throws CertificateException {
        if (problems.containsKey(file)) {
            throw new CertificateException(file + " " + problems.get(file));
        }
        return Objects.requireNonNull(contents.get(file));
    }
}
