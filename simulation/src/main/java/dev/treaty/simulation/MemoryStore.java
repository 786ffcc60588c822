package dev.treaty.simulation;

import dev.treaty.registry.spi.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * An in-memory disk. It can fail, and it can show what a crash of the machine leaves: data that was not forced is lost
 * in whole or in part, and the last write may be torn.
 */
public final class MemoryStore implements Store {
    private static final class File {
        private byte[] bytes = {};
        private int forced;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<String, File> files = new TreeMap<>();
    private volatile boolean failing;

    /** Creates an empty disk. */
    public MemoryStore() {}

    /** Sets whether writes fail. */
    public void fail(boolean now) {
        failing = now;
    }

    /** Returns what a crash of the machine at this moment leaves. */
    public MemoryStore afterCrash(RandomGenerator random) throws IOException {
        return locked(() -> {
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
        });
    }

    private interface Action<T> {
        T run() throws IOException;
    }

    private <T> T locked(Action<T> action) throws IOException {
        lock.lock();
        try {
            return action.run();
        } finally {
            lock.unlock();
        }
    }

    private void checkWritable() throws IOException {
        if (failing) {
            throw new IOException("no space left on device");
        }
    }

    @Override
    public Set<String> names() throws IOException {
        return locked(() -> new TreeSet<>(files.keySet()));
    }

    @Override
    public byte[] read(String name) throws IOException {
        return locked(() -> file(name).bytes.clone());
    }

    private File file(String name) throws IOException {
        File file = files.get(name);
        if (file == null) {
            throw new IOException("there is no " + name);
        }
        return file;
    }

    @Override
    public void append(String name, byte[] bytes) throws IOException {
        locked(() -> {
            checkWritable();
            File file = files.computeIfAbsent(name, _ -> new File());
            int length = file.bytes.length;
            file.bytes = Arrays.copyOf(file.bytes, length + bytes.length);
            System.arraycopy(bytes, 0, file.bytes, length, bytes.length);
            return true;
        });
    }

    @Override
    public void force(String name) throws IOException {
        locked(() -> {
            checkWritable();
            File file = file(name);
            file.forced = file.bytes.length;
            return true;
        });
    }

    @Override
    public void replace(String name, Content content) throws IOException {
        locked(() -> {
            checkWritable();
            var bytes = new ByteArrayOutputStream();
            content.write(bytes);
            var file = new File();
            file.bytes = bytes.toByteArray();
            file.forced = bytes.size();
            files.put(name, file);
            return true;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        locked(() -> {
            checkWritable();
            files.remove(name);
            return true;
        });
    }

    @Override
    public void close() {}
}
