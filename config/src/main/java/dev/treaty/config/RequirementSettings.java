package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.PrintableText;
import java.util.Map;
import java.util.Optional;

/**
 * The versions and capabilities that the instances of a service must have to be called.
 *
 * @param versions the versions of the contract, instead of all with the client's major version
 * @param capabilities the required capabilities with their lowest version; {@code 0.0.0} for any
 */
public record RequirementSettings(
        @Description(
                "The contract versions whose instances are called; `none` for all with the client's major version.")
        @Accepted("`^1.4`, `\">=1.4 <3\"`, `\"*\"`")
        Optional<VersionRange> versions,

        @Description("Capabilities that instances must have, each with its lowest version; `0.0` for any version.")
        @Accepted("a group such as `{full-text-search: 1.2}`")
        Map<String, Version> capabilities) {
    /** No additional requirements. */
    public static final RequirementSettings DEFAULT = new RequirementSettings(Optional.empty(), Map.of());

    /** @throws IllegalArgumentException if a capability has an invalid name */
    public RequirementSettings {
        capabilities = Map.copyOf(capabilities);
        for (String name : capabilities.keySet()) {
            try {
                new ServiceName(name); // capabilities have the same syntax
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "capabilities has " + PrintableText.quote(name) + ", which is not a valid name of a capability",
                        e);
            }
        }
    }

    /**
     * Returns all requirements. If the code and these settings contradict each other, the settings apply, because they
     * are specific to the environment.
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
