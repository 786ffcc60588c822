package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Instances as they stand in a file, in YAML or JSON:
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

    /** What an instance need not say. */
    record Rest(
            String version,
            String protocol,
            String region,
            String zone,
            int weight,
            String contract,
            Status health,
            Map<String, String> metadata) {
        static final Rest DEFAULT =
                new Rest("1.0.0", "http", "", "", ServiceInstance.WEIGHT_DEFAULT, "", Status.PASSING, Map.of());
    }

    /**
     * Reads the text of such a file.
     *
     * @param source what to call it in messages
     * @throws ConfigurationException where anything is wrong with it; the message lists every problem
     */
    public static List<RegistryProtocol.Instance> parse(String source, String text) {
        var problems = new Problems();
        YamlNode root = Yaml.read(source, text, problems).orElse(null);
        if (root == null) {
            problems.refuse(source);
        }
        var reading = new SettingsReading(source, Map.of(), problems);
        var instances =
                reading.section("", root, new Place(1, 1), "default").list("instances", InstancesFile::instance);
        reading.end();
        return instances;
    }

    private static Optional<RegistryProtocol.Instance> instance(Section section) {
        Optional<String> id = section.read("id", String.class);
        Optional<String> service = section.read("service", String.class);
        Optional<String> host = section.read("host", String.class);
        Optional<Integer> port = section.read("port", Integer.class);
        Rest rest = section.read(Rest.DEFAULT);
        if (id.isEmpty() || service.isEmpty() || host.isEmpty() || port.isEmpty()) {
            return Optional.empty();
        }
        var health = ServiceHealth.of(rest.health, Instant.EPOCH);
        var instance = new RegistryProtocol.Instance(
                id.get(),
                service.get(),
                rest.version,
                rest.protocol,
                host.get(),
                port.get(),
                Optional.of(RegistryProtocol.Health.of(health)),
                rest.region,
                rest.zone,
                rest.weight,
                rest.contract,
                Optional.of(rest.metadata),
                Optional.of(Instant.EPOCH));
        return section.make(() -> instance.read(Instant.EPOCH)).map(RegistryProtocol.Instance::of);
    }
}
