package dev.treaty.registry.compat;

import dev.treaty.core.discovery.ServiceInstance;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Instances and nodes in the JSON of Consul's API. */
final class ConsulJson {
    static final String DATACENTER = "dc1";
    static final String NODE = "treaty";

    /** The key of the metadata that holds Consul's tags. */
    static final String TAGS = "tags";

    private ConsulJson() {}

    static List<String> tags(ServiceInstance instance) {
        String tags = instance.metadata().getOrDefault(TAGS, "");
        return tags.isEmpty() ? List.of() : Arrays.asList(tags.split(","));
    }

    static Map<String, Integer> weights(ServiceInstance instance) {
        return Map.of("Passing", instance.weight(), "Warning", instance.weight());
    }

    private static Map<String, String> meta(ServiceInstance instance) {
        var meta = new TreeMap<>(instance.metadata());
        meta.remove(TAGS);
        meta.putIfAbsent("version", instance.version().toString());
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
        service.put("TaggedAddresses", Map.of());
        service.put("Port", instance.endpoint().port());
        service.put("Meta", meta(instance));
        service.put("Weights", weights(instance));
        service.put("EnableTagOverride", false);
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
                case "TaggedAddresses", "CreateIndex", "ModifyIndex" -> {} // of the node
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

    private static Map<String, Object> check(ServiceInstance instance) {
        var check = new LinkedHashMap<String, Object>();
        check.put("Node", NODE);
        check.put("CheckID", "service:" + instance.id());
        check.put("Name", "Service '" + instance.service() + "' check");
        check.put(
                "Status",
                switch (instance.health().status()) {
                    case PASSING, UNKNOWN -> "passing";
                    case WARNING -> "warning";
                    case CRITICAL, DRAINING -> "critical";
                });
        check.put("Notes", "");
        check.put("Output", instance.health().message());
        check.put("ServiceID", instance.id());
        check.put("ServiceName", instance.service().value());
        check.put("ServiceTags", tags(instance));
        check.put("Type", "ttl");
        check.put("Definition", Map.of());
        return withIndexes(check);
    }
}
