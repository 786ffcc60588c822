package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.registry.spi.Store;
import java.io.Closeable;
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
final class ConsulFiles implements Closeable {
    private static final String SUFFIX = ".json";

    /** The file with the first index that is not used yet. */
    private static final String INDEX = "index";

    /** How many indexes a run reserves: one for each change. */
    private static final long RESERVED = 1L << 32;

    private @Nullable Store store;

    ConsulFiles(@Nullable Store store) {
        this.store = store;
    }

    /** Returns the content of all files by name. */
    synchronized Map<String, byte[]> read() throws IOException {
        var all = new TreeMap<String, byte[]>();
        if (store != null) {
            for (String name : store.names()) {
                if (name.endsWith(SUFFIX)) {
                    all.put(name, store.read(name));
                }
            }
        }
        return all;
    }

    /**
     * Returns the first of as many indexes as one run of the registry can need, which no earlier run has used.
     *
     * @param least the index that is not smaller, if no earlier run has used it
     */
    synchronized long reserveIndexes(long least) throws IOException {
        if (store == null) {
            return least;
        }
        long first = least;
        if (store.names().contains(INDEX)) {
            String stored = new String(store.read(INDEX), StandardCharsets.US_ASCII).strip();
            try {
                first = Math.max(least, Long.parseLong(stored));
            } catch (NumberFormatException e) {
                throw new IOException("the file " + INDEX + " has no number: delete it", e);
            }
        }
        byte[] next = String.valueOf(first + RESERVED).getBytes(StandardCharsets.US_ASCII);
        store.replace(INDEX, out -> out.write(next));
        return first;
    }

    synchronized void save(String id, Map<String, Object> body) throws IOException {
        if (store != null) {
            store.replace(file(id), out -> out.write(Json.bytes(body)));
        }
    }

    synchronized void delete(String id) throws IOException {
        if (store != null) {
            store.delete(file(id));
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

    /** Closes the store; afterwards, nothing is kept. */
    @Override
    public synchronized void close() throws IOException {
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
