package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a {@link ConsulAgent} keeps of its instances: a file of JSON for each, which is called by the digest of the
 * instance's id. Nothing is kept where there is no store.
 */
final class ConsulFiles {
    private static final String SUFFIX = ".json";

    private final ReentrantLock lock = new ReentrantLock();
    private Optional<Store> store;

    ConsulFiles(Optional<Store> store) {
        this.store = store;
    }

    /** What was kept, by the name of its file, unread. */
    Map<String, byte[]> read() throws IOException {
        lock.lock();
        try {
            var all = new TreeMap<String, byte[]>();
            for (String name : store.isPresent() ? new TreeSet<>(store.get().names()) : Set.<String>of()) {
                if (name.endsWith(SUFFIX)) {
                    all.put(name, store.get().read(name));
                }
            }
            return all;
        } finally {
            lock.unlock();
        }
    }

    void save(String id, Map<String, Object> body) throws IOException {
        lock.lock();
        try {
            if (store.isPresent()) {
                store.get().replace(file(id), Json.bytes(body));
            }
        } finally {
            lock.unlock();
        }
    }

    void delete(String id) throws IOException {
        lock.lock();
        try {
            if (store.isPresent()) {
                store.get().delete(file(id));
            }
        } finally {
            lock.unlock();
        }
    }

    private static String file(String id) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest) + SUFFIX;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Keeps nothing from now on. */
    void close() throws IOException {
        lock.lock();
        try {
            if (store.isPresent()) {
                store.get().close();
                store = Optional.empty();
            }
        } finally {
            lock.unlock();
        }
    }
}
