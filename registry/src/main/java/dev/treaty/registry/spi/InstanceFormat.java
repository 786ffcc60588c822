package dev.treaty.registry.spi;

import dev.treaty.registry.RegistryProtocol;

/** The text form of an instance in a backend, readable for people and other programs. */
public interface InstanceFormat {
    /** Writes an instance on one line. */
    String write(RegistryProtocol.Instance instance);

    /**
     * Reads what {@link #write} wrote. Ignores unknown fields, so that instances of newer programs can be read.
     *
     * @throws IllegalArgumentException if the text is not an instance
     */
    RegistryProtocol.Instance read(String text);
}
