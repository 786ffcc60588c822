package dev.treaty.core.contract;

/**
 * A feature that a service offers beyond its operations, such as {@code full-text-search}; clients may require it.
 *
 * @param name unique within the contract
 * @param description what it offers to clients
 * @param version the capability's own version
 * @param enabled false if it is only listed and not offered
 */
public record ServiceCapability(String name, String description, Version version, boolean enabled) {
    /** @throws IllegalArgumentException if the name is not valid */
    public ServiceCapability {
        new ServiceName(name); // the same characters are valid
    }
}
