package dev.treaty.registry.spi;

import dev.treaty.registry.RegistryProtocol;

/** How an instance is written where an engine keeps it: as text that people and other programs can read too. */
public interface InstanceFormat {
    /** Writes an instance on one line. */
    String write(RegistryProtocol.Instance instance);

    /**
     * Reads what {@link #write} wrote. Fields that are not known are passed over, so that a newer program's instances
     * can be read.
     *
     * @throws IllegalArgumentException where it is no instance
     */
    RegistryProtocol.Instance read(String text);
}
