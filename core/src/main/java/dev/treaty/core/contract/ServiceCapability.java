package dev.treaty.core.contract;

/**
 * Something a service offers beyond its operations, such as {@code full-text-search}; clients may require it.
 *
 * @param name unique within the contract
 * @param description what having it means to a caller
 * @param version the capability's own version
 * @param enabled false where the service knows it but does not offer it
 */
public record ServiceCapability(String name, String description, Version version, boolean enabled) {
    /** @throws IllegalArgumentException where the name is not a legal name */
    public ServiceCapability {
        new ServiceName(name); // the same letters are allowed
    }
}
