package dev.treaty.security.keys;

import dev.treaty.core.security.OwnerRights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * A directory with secrets: only its owner can read the files, and only one process at a time can open it. Where the
 * file system has no such rights, they are those of the directory.
 */
public final class OwnerDirectory implements AutoCloseable {
    private static final String LOCK = "lock";

    private final Path directory;
    private final FileChannel lock;

    /**
     * Opens a directory, which is created if it does not exist.
     *
     * @throws IOException if another process has opened it, others can read it, or it cannot be written
     */
    public OwnerDirectory(Path directory) throws IOException {
        this.directory = directory.toAbsolutePath();
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, OwnerRights.attributes(directory, "rwx------"));
        }
        checkOwner(this.directory);
        this.lock = FileChannel.open(
                this.directory.resolve(LOCK),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                OwnerRights.attributes(this.directory, "rw-------"));
        if (!isLocked()) {
            lock.close();
            throw new IOException(directory + " is in use by another process: give each a directory of its own");
        }
    }

    private boolean isLocked() throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static void checkOwner(Path path) throws IOException {
        if (OwnerRights.shared(path)) {
            throw new IOException(path + " must be accessible to its owner only: remove the other rights");
        }
    }

    /**
     * Reads a file; empty if there is none.
     *
     * @throws IOException if others can read it too
     */
    public Optional<String> read(String name) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        checkOwner(file);
        return Optional.of(Files.readString(file));
    }

    /** Replaces a file at once; what is written survives the end of the process and of the machine. */
    public void replace(String name, String content) throws IOException {
        Path unfinished = directory.resolve(name + ".new");
        Files.deleteIfExists(unfinished);
        Files.createFile(unfinished, OwnerRights.attributes(unfinished, "rw-------"));
        try (var file = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            write(file, content);
        }
        Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        try (var names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // Systems that do not allow a directory to be opened write it by themselves.
        }
    }

    /** Opens a file that exists, to append. */
    FileChannel open(String name) throws IOException {
        return FileChannel.open(directory.resolve(name), StandardOpenOption.WRITE);
    }

    static void write(FileChannel file, String content) throws IOException {
        var bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
        file.force(true);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
