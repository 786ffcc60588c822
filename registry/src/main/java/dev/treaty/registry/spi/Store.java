package dev.treaty.registry.spi;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;

/**
 * A set of named files that keeps the state of a registry: the part of a disk that can be simulated. Appended bytes
 * that are not {@linkplain #force forced} may be lost or torn when the machine stops, but not when only the process
 * stops.
 */
public interface Store extends Closeable {
    /** Returns the names of the existing files. */
    Set<String> names() throws IOException;

    /** Reads a whole file. */
    byte[] read(String name) throws IOException;

    /** Appends to a file, which is created if it does not exist. */
    void append(String name, byte[] bytes) throws IOException;

    /** Makes the appended bytes of a file durable. */
    void force(String name) throws IOException;

    /** Replaces a file atomically and durably: afterwards it has the new content, or the old one if this failed. */
    void replace(String name, Content content) throws IOException;

    /** Writes the content of a file. */
    @FunctionalInterface
    interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** Deletes a file if it exists. */
    void delete(String name) throws IOException;

    @Override
    void close() throws IOException;
}
