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

    private interface Action {
        void run(Store store) throws IOException;
    }

    private synchronized void locked(Action action) throws IOException {
        if (store != null) {
            action.run(store);
        }
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

    /**
     * Returns the first of as many indexes as one run of the registry can need, which no earlier run has used.
     *
     * @param least the index that is not smaller, if no earlier run has used it
     */
    long reserveIndexes(long least) throws IOException {
        long[] first = {least};
        locked(files -> {
            if (files.names().contains(INDEX)) {
                String stored = new String(files.read(INDEX), StandardCharsets.US_ASCII).strip();
                try {
                    first[0] = Math.max(least, Long.parseLong(stored));
                } catch (NumberFormatException e) {
                    throw new IOException("the file " + INDEX + " has no number: delete it", e);
                }
            }
            files.replace(
                    INDEX, out -> out.write(String.valueOf(first[0] + RESERVED).getBytes(StandardCharsets.US_ASCII)));
        });
        return first[0];
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
    @Override
    public void close() throws IOException {
        locked(files -> {
            files.close();
            store = null;
        });
    }
}
