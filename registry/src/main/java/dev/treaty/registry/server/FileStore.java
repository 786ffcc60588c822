package dev.treaty.registry.server;

import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@link Store} in a directory, which only its owner can read: the files hold the tokens of leases. Two processes
 * cannot have the same directory at a time.
 */
public final class FileStore implements Store {
    private static final String LOCK = "lock";
    private static final String UNFINISHED = ".new";

    private final Path directory;
    private final FileChannel lockFile;
    private final Map<String, FileChannel> open = new HashMap<>();

    /**
     * Opens a directory, which is made where it is not there.
     *
     * @throws IOException where it cannot be written, or another process has it
     */
    public FileStore(Path directory) throws IOException {
        this.directory = directory;
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(directory)) {
            if (posix) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectories(directory);
            }
        }
        this.lockFile = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = lockFile.tryLock();
            if (lock == null) {
                throw inUse();
            }
        } catch (OverlappingFileLockException e) {
            throw inUse();
        }
    }

    private IOException inUse() throws IOException {
        lockFile.close();
        return new IOException(directory + " is in use by another registry: give each a directory of its own");
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
        FileChannel file = open.get(name);
        if (file == null) {
            file = FileChannel.open(
                    directory.resolve(name),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.APPEND);
            restrict(directory.resolve(name));
            open.put(name, file);
        }
        write(file, bytes);
    }

    private static void write(FileChannel file, byte[] bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
    }

    /** Also where the directory was there before, with whatever permissions. */
    private static void restrict(Path file) throws IOException {
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
    }

    @Override
    public void force(String name) throws IOException {
        FileChannel file = open.get(name);
        if (file != null) {
            file.force(false);
        }
    }

    @Override
    public void replace(String name, byte[] bytes) throws IOException {
        Path unfinished = directory.resolve(name + UNFINISHED);
        try (var file = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            restrict(unfinished);
            write(file, bytes);
            file.force(true);
        }
        closeFile(name);
        Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        forceDirectory();
    }

    /** The name of a file outlives the machine only once its directory has been written too. */
    private void forceDirectory() {
        try (var names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // Not every system lets a directory be opened; those that do not, write it by themselves.
        }
    }

    private void closeFile(String name) throws IOException {
        FileChannel file = open.remove(name);
        if (file != null) {
            file.close();
        }
    }

    @Override
    public void delete(String name) throws IOException {
        closeFile(name);
        Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void close() throws IOException {
        for (String name : Set.copyOf(open.keySet())) {
            closeFile(name);
        }
        lockFile.close();
    }
}
