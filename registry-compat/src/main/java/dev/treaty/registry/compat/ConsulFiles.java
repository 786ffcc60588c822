package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Stores the instances of a {@link ConsulAgent}: a JSON file for each, named by the digest of the instance's id.
 * Without a store, nothing is kept.
 */
final class ConsulFiles {
    private static final String SUFFIX = ".json";

    private final FileLock lock = new FileLock();
    private @Nullable Store store;

    ConsulFiles(@Nullable Store store) {
        this.store = store;
    }

    private interface Action {
        void run(Store store) throws IOException;
    }

    private void locked(Action action) throws IOException {
        lock.run(() -> {
            if (store != null) {
                action.run(store);
            }
            return true;
        });
    }

    /** Returns the content of all files by name. */
    Map<String, byte[]> read() throws IOException {
        var all = new TreeMap<String, byte[]>();
        locked(files -> {
            for (String name : files.names()) {
                if (name.endsWith(SUFFIX)) {
                    all.put(name, files.read(name));
                }
            }
        });
        return all;
    }

    void save(String id, Map<String, Object> body) throws IOException {
        locked(files -> files.replace(file(id), out -> out.write(Json.bytes(body))));
    }

    void delete(String id) throws IOException {
        locked(files -> files.delete(file(id)));
    }

    private static String file(String id) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest) + SUFFIX;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Closes the store; afterwards, nothing is kept. */
    void close() throws IOException {
        locked(files -> {
            files.close();
            store = null;
        });
    }
}
