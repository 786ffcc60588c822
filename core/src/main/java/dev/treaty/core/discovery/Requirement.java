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
 * What a caller requires of the instances that it is sent to. Whether the two contracts fit together is another
 * question, which {@link dev.treaty.core.contract.Compatibility} answers.
 *
 * <p>What an instance offers stands in its metadata under {@value #CAPABILITIES}: name and version of each capability
 * that is switched on, such as {@code full-text-search/1.2.0 gift-wrap/1.0.0}. So every registry carries it, and so can
 * instances that know nothing of Treaty.
 *
 * @param versions of the contract; an instance of version 0.0.0 without a contract is one whose version nobody knows,
 *     and meets any
 * @param capabilities by name, with the least version: one with the same major number and not older meets it
 */
public record Requirement(VersionRange versions, Map<String, Version> capabilities) {
    /** The key of the metadata that lists what an instance offers. */
    public static final String CAPABILITIES = "capabilities";

    /** Nothing is required. */
    public static final Requirement NONE = new Requirement(VersionRange.ANY, Map.of());

    private static final Version UNKNOWN = new Version(0, 0, 0);
    private static final Pattern SPACE = Pattern.compile("\\s+");

    /** Copies the map. */
    public Requirement {
        capabilities = Map.copyOf(capabilities);
    }

    /** What a caller that was built for that contract requires: the same major version. */
    public static Requirement of(ServiceContract contract) {
        return new Requirement(VersionRange.ofMajor(contract.version().major()), Map.of());
    }

    /** The same, for other versions. */
    public Requirement withVersions(VersionRange changed) {
        return new Requirement(changed, capabilities);
    }

    /** The same, and the capability of that name in any version. */
    public Requirement withCapability(String name) {
        return withCapability(name, UNKNOWN);
    }

    /** The same, and the capability of that name in that version, or a newer one with the same major number. */
    public Requirement withCapability(String name, Version least) {
        var more = new TreeMap<>(capabilities);
        more.put(name, least);
        return new Requirement(versions, more);
    }

    /** Why an instance does not meet it, in a few words; nothing where it does. */
    public Optional<String> objection(ServiceInstance instance) {
        boolean unknown =
                instance.version().equals(UNKNOWN) && instance.contract().isEmpty();
        if (!unknown && !versions.contains(instance.version())) {
            return Optional.of("version " + instance.version() + " is not within " + versions);
        }
        if (capabilities.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Version> offered = offered(instance);
        for (Map.Entry<String, Version> required : capabilities.entrySet()) {
            Version version = offered.get(required.getKey());
            Version least = required.getValue();
            if (version == null) {
                return Optional.of("capability " + required.getKey() + " is not offered");
            }
            if (!least.equals(UNKNOWN) && !VersionRange.from(least).contains(version)) {
                return Optional.of("capability " + required.getKey() + " is offered in version " + version
                        + ", which is not within " + VersionRange.from(least));
            }
        }
        return Optional.empty();
    }

    /** What an instance offers, by name; what cannot be read is not offered. */
    public static Map<String, Version> offered(ServiceInstance instance) {
        var offered = new TreeMap<String, Version>();
        for (String word :
                SPACE.split(instance.metadata().getOrDefault(CAPABILITIES, "").strip(), -1)) {
            int slash = word.lastIndexOf('/');
            try {
                if (slash > 0) {
                    offered.put(word.substring(0, slash), Version.parse(word.substring(slash + 1)));
                } else if (!word.isEmpty()) {
                    offered.put(word, new Version(1, 0, 0));
                }
            } catch (IllegalArgumentException e) {
                // written by another program: nobody can require a version that is none
            }
        }
        return offered;
    }

    /** The metadata of an instance that keeps a contract with those capabilities; empty where none is switched on. */
    public static Map<String, String> metadata(List<ServiceCapability> capabilities) {
        String text = capabilities.stream()
                .filter(ServiceCapability::enabled)
                .map(capability -> capability.name() + "/" + capability.version())
                .collect(Collectors.joining(" "));
        return text.isEmpty() ? Map.of() : Map.of(CAPABILITIES, text);
    }
}
