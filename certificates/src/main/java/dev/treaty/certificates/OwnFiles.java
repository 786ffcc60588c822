package dev.treaty.certificates;

import dev.treaty.core.security.OwnerRights;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes files at once, and secret ones so that only their owner can read them. */
final class OwnFiles {
    private OwnFiles() {}

    /** Creates a directory for its owner only, unless it exists. */
    static void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, OwnerRights.attributes(directory, "rwx------"));
        }
    }

    /** @throws IOException if others than the owner can read or change a file */
    static void checkSecret(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (OwnerRights.shared(file)) {
            throw new IOException(file + " must be readable by its owner only: chmod 600 " + file);
        }
    }

    /** Replaces a file that everyone may read. */
    static void write(Path file, String text) throws IOException {
        move(temporary(file, text, "rw-r--r--"), file);
    }

    /** Replaces a file that its owner only may read. */
    static void writeSecret(Path file, String text) throws IOException {
        move(temporary(file, text, "rw-------"), file);
    }

    /** Creates a file that its owner only may read. */
    static void createSecret(Path file, String text) throws IOException {
        Path whole = temporary(file, text, "rw-------");
        try {
            Files.createLink(file, whole);
        } catch (FileAlreadyExistsException e) {
            throw new FileAlreadyExistsException(file.toString(), null, "it exists, and is not overwritten");
        } finally {
            Files.delete(whole);
        }
    }

    private static Path temporary(Path file, String text, String rights) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Path whole = Files.createTempFile(directory, "." + file.getFileName(), ".new"); // only the owner can read it
        try {
            Files.writeString(whole, text);
            if (OwnerRights.supported(whole)) {
                Files.setPosixFilePermissions(whole, PosixFilePermissions.fromString(rights));
            }
            return whole;
        } catch (IOException e) {
            Files.deleteIfExists(whole);
            throw e;
        }
    }

    private static void move(Path whole, Path file) throws IOException {
        try {
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(whole);
            throw e;
        }
    }
}
