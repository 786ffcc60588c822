package dev.treaty.registry.server;

import dev.treaty.registry.spi.Store;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@link Store} in a directory. Only its owner can read the files, since they contain lease tokens, and only one
 * process at a time can open the directory.
 */
public final class FileStore implements Store {
    private static final String LOCK = "lock";
    private static final String UNFINISHED = ".new";
    private static final int BUFFER_BYTES = 1 << 16;

    private final Path directory;
    private final boolean posix;
    private final FileChannel lockFile;

    /**
     * Opens a directory, which is created if it does not exist.
     *
     * @throws IOException if the directory cannot be written or another process has opened it
     */
    public FileStore(Path directory) throws IOException {
        this.directory = directory;
        this.posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new IOException(directory + " is not a directory");
        }
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, ownerOnly("rwx------"));
        }
        this.lockFile = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock()) {
            lockFile.close();
            throw new IOException(directory + " is in use by another registry: give each a directory of its own");
        }
    }

    private FileAttribute<?>[] ownerOnly(String permissions) {
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private boolean lock() throws IOException {
        try {
            return lockFile.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    @Override
    public Set<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(LOCK) && !name.endsWith(UNFINISHED))
                    .collect(Collectors.toSet());
        }
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(directory.resolve(name));
    }

    @Override
    public void append(String name, byte[] bytes) throws IOException {
        Files.write(created(name), bytes, StandardOpenOption.APPEND);
    }

    /** Creates a file that only its owner can read, even in a directory that was created with other permissions. */
    private Path created(String name) throws IOException {
        Path file = directory.resolve(name);
        if (Files.notExists(file)) {
            Files.createFile(file, ownerOnly("rw-------"));
        }
        return file;
    }

    @Override
    public void force(String name) throws IOException {
        try (var file = FileChannel.open(directory.resolve(name), StandardOpenOption.WRITE)) {
            file.force(false);
        }
    }

    @Override
    public void replace(String name, Content content) throws IOException {
        Path unfinished = created(name + UNFINISHED);
        try (var file = FileChannel.open(unfinished, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
                var out = new BufferedOutputStream(Channels.newOutputStream(file), BUFFER_BYTES)) {
            content.write(out);
            out.flush();
            file.force(true);
        }
        Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        forceDirectory();
    }

    /** A new file name is durable only after its directory was forced. */
    private void forceDirectory() {
        try (var names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // Systems that do not allow a directory to be opened write it by themselves.
        }
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
