package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a client requires of instances: a range of versions, and capabilities. Whether the messages of two contracts are
 * compatible is a separate question, for {@link dev.treaty.core.contract.compatibility.Compatibility}.
 *
 * <p>The capabilities that an instance offers are in its metadata under {@value #CAPABILITIES}, with their versions,
 * such as {@code full-text-search/1.2.0 gift-wrap/1.0.0}. So every registry stores them, and instances that do not use
 * Treaty can have them.
 *
 * @param versions the versions of the contract. Version 0.0.0 without a contract means that an instance's version is
 *     unknown, which meets any range
 * @param capabilities the lowest version by name; a newer one with the same major number is accepted
 */
public record Requirement(VersionRange versions, Map<String, Version> capabilities) {
    /** The metadata key of the capabilities that an instance offers. */
    public static final String CAPABILITIES = "capabilities";

    /** Accepts every instance. */
    public static final Requirement NONE = new Requirement(VersionRange.ANY, Map.of());

    private static final Version UNKNOWN = new Version(0, 0, 0);
    private static final Pattern SPACE = Pattern.compile("\\s+");

    /** Copies the map. */
    public Requirement {
        capabilities = Map.copyOf(capabilities);
    }

    /** The requirement of a client that was built for a contract: the same major version. */
    public static Requirement of(ServiceContract contract) {
        return new Requirement(VersionRange.from(new Version(contract.version().major(), 0, 0)), Map.of());
    }

    /** The same requirement with another range of versions. */
    public Requirement withVersions(VersionRange changed) {
        return new Requirement(changed, capabilities);
    }

    /** The same requirement with a further capability, in any version. */
    public Requirement withCapability(String name) {
        return withCapability(name, UNKNOWN);
    }

    /** The same requirement with a further capability, in this version or a newer one with the same major number. */
    public Requirement withCapability(String name, Version lowest) {
        var more = new TreeMap<>(capabilities);
        more.put(name, lowest);
        return new Requirement(versions, more);
    }

    /** Returns why an instance does not meet this requirement, in a few words; empty if it does. */
    public Optional<String> objection(ServiceInstance instance) {
        return versionObjection(instance).or(() -> capabilityObjection(instance));
    }

    /** Returns why the version of an instance does not meet this requirement, in a few words; empty if it does. */
    public Optional<String> versionObjection(ServiceInstance instance) {
        boolean unknown =
                instance.version().equals(UNKNOWN) && instance.contract().isEmpty();
        return unknown || versions.contains(instance.version())
                ? Optional.empty()
                : Optional.of("version " + instance.version() + " is not within " + versions);
    }

    private Optional<String> capabilityObjection(ServiceInstance instance) {
        Map<String, Version> offered = capabilities.isEmpty() ? Map.of() : offered(instance);
        for (Map.Entry<String, Version> required : capabilities.entrySet()) {
            Version version = offered.get(required.getKey());
            Version lowest = required.getValue();
            if (version == null) {
                return Optional.of("capability " + required.getKey() + " is not offered");
            }
            if (!lowest.equals(UNKNOWN) && !VersionRange.from(lowest).contains(version)) {
                return Optional.of("capability " + required.getKey() + " is offered in version " + version
                        + ", which is not within " + VersionRange.from(lowest));
            }
        }
        return Optional.empty();
    }

    /** Returns the capabilities that an instance offers, by name, without those that cannot be parsed. */
    public static Map<String, Version> offered(ServiceInstance instance) {
        var offered = new TreeMap<String, Version>();
        String text = instance.metadata().getOrDefault(CAPABILITIES, "").strip();
        for (String word : SPACE.splitAsStream(text).toList()) {
            int slash = word.lastIndexOf('/');
            try {
                if (slash > 0) {
                    offered.put(word.substring(0, slash), Version.parse(word.substring(slash + 1)));
                } else if (!word.isEmpty()) {
                    offered.put(word, new Version(1, 0, 0));
                }
            } catch (IllegalArgumentException e) {
                // written by another program: a capability with an invalid version meets no requirement
            }
        }
        return offered;
    }

    /** Returns the metadata for an instance with these capabilities; empty if none is enabled. */
    public static Map<String, String> metadata(List<ServiceCapability> capabilities) {
        String text = capabilities.stream()
                .filter(ServiceCapability::enabled)
                .map(capability -> capability.name() + "/" + capability.version())
                .collect(Collectors.joining(" "));
        return text.isEmpty() ? Map.of() : Map.of(CAPABILITIES, text);
    }
}
