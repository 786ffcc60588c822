package dev.treaty.registry.spi;

import java.io.Closeable;
import java.io.IOException;
import java.util.Set;

/**
 * A few named files, as far as keeping a registry's state needs them: the disk, small enough to be simulated. What was
 * appended and not {@linkplain #force forced} may be lost or torn when the machine stops, though not when only the
 * process does.
 */
public interface Store extends Closeable {
    /** The names of the files that are there. */
    Set<String> names() throws IOException;

    /** All of a file. */
    byte[] read(String name) throws IOException;

    /** Adds to the end of a file, which is made where it is not there. */
    void append(String name, byte[] bytes) throws IOException;

    /** Makes sure that what was appended to a file outlives the machine. */
    void force(String name) throws IOException;

    /** Puts a whole file there, which outlives the machine: afterwards there is all of it, or what was there before. */
    void replace(String name, byte[] bytes) throws IOException;

    /** Takes a file away; nothing to do where it is not there. */
    void delete(String name) throws IOException;

    @Override
    void close() throws IOException;
}
