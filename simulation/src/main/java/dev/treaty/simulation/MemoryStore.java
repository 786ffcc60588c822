package dev.treaty.simulation;

import dev.treaty.registry.spi.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * A {@link Store} in memory, for tests. It can fail, and it can show what a crash of the machine leaves: data that was
 * not forced is lost in whole or in part, and the last write may be torn.
 */
public final class MemoryStore implements Store {
    private static final class File {
        private byte[] bytes = {};
        private int forced;
    }

    private final TreeMap<String, File> files = new TreeMap<>();
    private volatile boolean failing;

    /** Creates an empty disk. */
    public MemoryStore() {}

    /** Sets whether writes fail. */
    public void fail(boolean now) {
        failing = now;
    }

    /** Returns what a crash of the machine at this moment leaves. */
    public synchronized MemoryStore afterCrash(RandomGenerator random) {
        var after = new MemoryStore();
        files.forEach((name, file) -> {
            var kept = new File();
            int length = file.forced + random.nextInt(file.bytes.length - file.forced + 1);
            kept.bytes = Arrays.copyOf(file.bytes, length);
            if (length > file.forced && random.nextBoolean()) { // a block that was not written completely
                int torn = Math.min(length - file.forced, 1 + random.nextInt(64));
                for (int i = length - torn; i < length; i++) {
                    kept.bytes[i] = (byte) random.nextInt();
                }
            }
            kept.forced = length;
            after.files.put(name, kept);
        });
        return after;
    }

    private void checkWritable() throws IOException {
        if (failing) {
            throw new IOException("no space left on device");
        }
    }

    @Override
    public synchronized Set<String> names() {
        return new TreeSet<>(files.keySet());
    }

    @Override
    public synchronized byte[] read(String name) throws IOException {
        return file(name).bytes.clone();
    }

    private File file(String name) throws IOException {
        File file = files.get(name);
        if (file == null) {
            throw new IOException("there is no " + name);
        }
        return file;
    }

    @Override
    public synchronized void append(String name, byte[] bytes) throws IOException {
        checkWritable();
        File file = files.computeIfAbsent(name, _ -> new File());
        int length = file.bytes.length;
        file.bytes = Arrays.copyOf(file.bytes, length + bytes.length);
        System.arraycopy(bytes, 0, file.bytes, length, bytes.length);
    }

    @Override
    public synchronized void force(String name) throws IOException {
        checkWritable();
        File file = file(name);
        file.forced = file.bytes.length;
    }

    @Override
    public synchronized void replace(String name, Content content) throws IOException {
        checkWritable();
        var bytes = new ByteArrayOutputStream();
        content.write(bytes);
        var file = new File();
        file.bytes = bytes.toByteArray();
        file.forced = bytes.size();
        files.put(name, file);
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        checkWritable();
        files.remove(name);
    }

    @Override
    public void close() {}
}
