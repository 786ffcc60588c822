package dev.treaty.registry.server;

import dev.treaty.registry.spi.Store;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
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
    private final Map<String, FileChannel> open = new HashMap<>();

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
            var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
            Files.createDirectories(directory, posix ? new FileAttribute<?>[] {ownerOnly} : new FileAttribute<?>[0]);
        }
        this.lockFile = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock()) {
            lockFile.close();
            throw new IOException(directory + " is in use by another registry: give each a directory of its own");
        }
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
        FileChannel file = open.get(name);
        if (file == null) {
            file = open(directory.resolve(name), StandardOpenOption.APPEND);
            open.put(name, file);
        }
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
    }

    /** Opens a file that only its owner can read, even in a directory that was created with other permissions. */
    private FileChannel open(Path file, OpenOption option) throws IOException {
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, option);
        if (posix) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        return channel;
    }

    @Override
    public void force(String name) throws IOException {
        FileChannel file = open.get(name);
        if (file != null) {
            file.force(false);
        }
    }

    @Override
    public void replace(String name, Content content) throws IOException {
        Path unfinished = directory.resolve(name + UNFINISHED);
        try (var file = open(unfinished, StandardOpenOption.TRUNCATE_EXISTING);
                var out = new BufferedOutputStream(Channels.newOutputStream(file), BUFFER_BYTES)) {
            content.write(out);
            out.flush();
            file.force(true);
        }
        closeFile(name);
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
