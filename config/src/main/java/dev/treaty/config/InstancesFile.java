package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Parses a file that lists instances, in YAML or JSON:
 *
 * <pre>{@code
 * instances:
 *   - id: orders-1
 *     service: shop.Orders
 *     version: 1.4.0
 *     host: 10.0.0.1
 *     port: 8080
 * }</pre>
 *
 * <p>An instance may also have {@code protocol}, {@code region}, {@code zone}, {@code weight}, {@code contract}, {@code
 * health} and {@code metadata}.
 */
public final class InstancesFile {
    private InstancesFile() {}

    /**
     * Parses the text of such a file.
     *
     * @param source the name of the file in messages
     * @throws ConfigurationException if anything is wrong; the message lists all problems
     */
    public static List<RegistryProtocol.Instance> parse(String source, String text) {
        var reading = new SettingsReading(Map.of(), new Problems());
        Place beginning = Place.beginning(source);
        var ids = new HashSet<String>();
        var instances = reading.root(Yaml.read(beginning, text, reading.problems), beginning)
                .groups("instances", section -> {
                    Optional<RegistryProtocol.Instance> instance = instance(section);
                    instance.map(RegistryProtocol.Instance::id)
                            .filter(id -> !ids.add(id))
                            .ifPresent(_ -> section.problem("id", "another instance of this file has this id"));
                    return instance;
                });
        reading.end();
        return instances;
    }

    private static Optional<RegistryProtocol.Instance> instance(Section section) {
        Optional<String> id = section.read("id", String.class);
        Optional<String> service = section.read("service", String.class);
        Optional<String> host = section.read("host", String.class);
        Optional<Integer> port = section.read("port", Integer.class);
        var instance = new RegistryProtocol.Instance(
                id.orElse(""),
                service.orElse(""),
                section.read("version", "1.0.0"),
                section.read("protocol", "http"),
                host.orElse(""),
                port.orElse(0),
                Optional.of(RegistryProtocol.Health.of(
                        ServiceHealth.of(section.read("health", Status.PASSING), Instant.EPOCH))),
                section.read("region", ""),
                section.read("zone", ""),
                section.read("weight", ServiceInstance.WEIGHT_DEFAULT),
                section.read("contract", ""),
                Optional.of(section.textMap("metadata")),
                Optional.of(Instant.EPOCH));
        boolean complete = id.isPresent() && service.isPresent() && host.isPresent() && port.isPresent();
        return complete
                ? section.create(() -> instance.read(Instant.EPOCH)).map(RegistryProtocol.Instance::of)
                : Optional.empty();
    }
}
