package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Instances and nodes in the JSON of Consul's API. */
final class ConsulJson {
    static final String DATACENTER = "dc1";
    static final String NODE = "treaty";

    /** The key of the metadata that holds Consul's tags. */
    static final String TAGS = "tags";

    private ConsulJson() {}

    /** The key of the metadata with fields of Consul that Treaty does not use, as a JSON object. */
    static final String KEPT = "consul";

    /**
     * Returns tags in the form of the metadata: with commas between them, or as JSON if they have commas themselves.
     */
    static String joined(List<String> tags) {
        String joined = String.join(",", tags);
        return split(joined).equals(tags) ? joined : Json.text(tags);
    }

    private static List<String> split(String tags) {
        return tags.isEmpty() ? List.of() : Arrays.asList(tags.split(",", -1));
    }

    static List<String> tags(ServiceInstance instance) {
        String tags = instance.metadata().getOrDefault(TAGS, "");
        return tags.startsWith("[") && read(tags) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : split(tags);
    }

    /** Returns the fields that were kept; empty for an instance that was not registered by this API. */
    static Map<?, ?> kept(ServiceInstance instance) {
        return read(instance.metadata().getOrDefault(KEPT, "")) instanceof Map<?, ?> kept ? kept : Map.of();
    }

    private static @Nullable Object read(String json) {
        try {
            return json.isEmpty() ? null : Json.read(json);
        } catch (MessageException e) {
            return null; // of a program that uses this key for something else
        }
    }

    private static Object keptOr(ServiceInstance instance, String key, Object otherwise) {
        Object kept = kept(instance).get(key);
        return kept == null ? otherwise : kept;
    }

    /** Returns the health of an instance as Consul names it. */
    static String status(ServiceInstance instance) {
        return switch (instance.health().status()) {
            case PASSING, UNKNOWN -> "passing";
            case WARNING -> "warning";
            case CRITICAL, DRAINING -> "critical";
        };
    }

    static Map<String, Integer> weights(ServiceInstance instance) {
        int warning = kept(instance).get("Warning") instanceof Integer kept ? kept : instance.weight();
        return Map.of("Passing", instance.weight(), "Warning", warning);
    }

    /** Returns the metadata as registered; that of a service of Treaty has its version too. */
    static Map<String, String> meta(ServiceInstance instance) {
        var meta = new TreeMap<>(instance.metadata());
        meta.remove(TAGS);
        meta.remove(KEPT);
        if (!instance.contract().isEmpty()) {
            meta.putIfAbsent("version", instance.version().toString());
        }
        return meta;
    }

    private static Map<String, Object> withIndexes(Map<String, Object> object) {
        object.put("CreateIndex", 1);
        object.put("ModifyIndex", 1);
        return object;
    }

    static Map<String, Object> node() {
        var node = new LinkedHashMap<String, Object>();
        node.put("ID", "");
        node.put("Node", NODE);
        node.put("Address", "127.0.0.1");
        node.put("Datacenter", DATACENTER);
        node.put("TaggedAddresses", Map.of("lan", "127.0.0.1", "wan", "127.0.0.1"));
        node.put("Meta", Map.of());
        return withIndexes(node);
    }

    /** Returns an instance as the agent lists it. */
    static Map<String, Object> service(ServiceInstance instance) {
        var service = new LinkedHashMap<String, Object>();
        service.put("ID", instance.id());
        service.put("Service", instance.service().value());
        service.put("Tags", tags(instance));
        service.put("Address", instance.endpoint().host());
        service.put("TaggedAddresses", keptOr(instance, "TaggedAddresses", Map.of()));
        service.put("Port", instance.endpoint().port());
        service.put("Meta", meta(instance));
        service.put("Weights", weights(instance));
        service.put("EnableTagOverride", keptOr(instance, "EnableTagOverride", false));
        return withIndexes(service);
    }

    /** Returns an instance as the catalog lists it. */
    static Map<String, Object> catalogEntry(ServiceInstance instance) {
        var entry = new LinkedHashMap<>(node());
        entry.put("NodeMeta", Map.of());
        entry.remove("Meta");
        service(instance).forEach((key, value) -> {
            switch (key) {
                case "Service" -> entry.put("ServiceName", value);
                case "CreateIndex", "ModifyIndex" -> {} // of the node
                default -> entry.put("Service" + key, value);
            }
        });
        return entry;
    }

    /** Returns an instance with its node and its check. */
    static Map<String, Object> healthEntry(ServiceInstance instance) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("Node", node());
        entry.put("Service", service(instance));
        entry.put("Checks", List.of(check(instance)));
        return entry;
    }

    static Map<String, Object> check(ServiceInstance instance) {
        var check = new LinkedHashMap<String, Object>();
        check.put("Node", NODE);
        check.put("CheckID", keptOr(instance, "CheckID", "service:" + instance.id()));
        check.put("Name", keptOr(instance, "Name", "Service '" + instance.service() + "' check"));
        check.put("Status", status(instance));
        check.put("Notes", keptOr(instance, "Notes", ""));
        check.put("Output", instance.health().message());
        check.put("ServiceID", instance.id());
        check.put("ServiceName", instance.service().value());
        check.put("ServiceTags", tags(instance));
        check.put("Type", keptOr(instance, "Type", "ttl"));
        check.put("Definition", Map.of());
        return withIndexes(check);
    }
}
