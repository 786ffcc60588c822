package dev.treaty.config;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.discovery.Requirement;
import java.util.Map;
import java.util.Optional;

/**
 * What instances of a service have to be to be called, beside what the client's contract asks for.
 *
 * @param versions which versions of the contract, in place of all with the client's major number
 * @param capabilities what they have to offer, by name, with the least version; {@code 0.0.0} for any
 */
public record RequirementSettings(Optional<VersionRange> versions, Map<String, Version> capabilities) {
    /** Nothing beside the contract. */
    public static final RequirementSettings DEFAULT = new RequirementSettings(Optional.empty(), Map.of());

    /** @throws IllegalArgumentException where a name is none that a capability can have */
    public RequirementSettings {
        capabilities = Map.copyOf(capabilities);
        for (String name : capabilities.keySet()) {
            try {
                new ServiceName(name); // the same letters are allowed
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "capabilities has " + KeyNames.quote(name) + ", which no capability can be called", e);
            }
        }
    }

    /**
     * What is required in all: of what code and settings both speak of, the settings have the last word, since they
     * know the place.
     *
     * @param code what the client's contract or its code requires
     */
    public Requirement over(Requirement code) {
        Requirement all = versions.map(code::withVersions).orElse(code);
        for (Map.Entry<String, Version> capability : capabilities.entrySet()) {
            all = all.withCapability(capability.getKey(), capability.getValue());
        }
        return all;
    }
}
