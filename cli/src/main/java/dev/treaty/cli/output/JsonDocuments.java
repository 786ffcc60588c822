package dev.treaty.cli.output;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Builds the JSON objects that {@code --json} prints. */
public final class JsonDocuments {
    private JsonDocuments() {}

    public static Map<String, Object> of(ServiceInstance instance) {
        var object = new LinkedHashMap<String, Object>();
        object.put("id", instance.id());
        object.put("service", instance.service().value());
        object.put("version", instance.version().toString());
        object.put("endpoint", instance.endpoint().toString());
        object.put("health", of(instance.health()));
        object.put("region", instance.region());
        object.put("zone", instance.zone());
        object.put("weight", instance.weight());
        object.put("contract", instance.contract());
        object.put("metadata", instance.metadata());
        object.put("startedAt", instance.startedAt().toString());
        return object;
    }

    public static Map<String, Object> of(ServiceContract contract) {
        var object = new LinkedHashMap<String, Object>();
        object.put("service", contract.name().value());
        object.put("version", contract.version().toString());
        object.put("fingerprint", contract.fingerprint());
        return object;
    }

    private static Map<String, Object> of(ServiceHealth health) {
        var object = new LinkedHashMap<String, Object>();
        object.put("status", word(health));
        object.put("message", health.message());
        object.put("timestamp", health.timestamp().toString());
        object.put("details", health.details());
        return object;
    }

    public static Map<String, Object> of(DiscoveryEvent event) {
        var object = new LinkedHashMap<String, Object>();
        object.put("event", word(event));
        object.put("timestamp", event.timestamp().toString());
        object.put("instance", of(event.instance()));
        if (event instanceof DiscoveryEvent.Removed removed) {
            object.put("reason", removed.reason());
        }
        return object;
    }

    /** Returns {@code added}, {@code updated} or {@code removed}. */
    public static String word(DiscoveryEvent event) {
        return event.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    /** Returns the health status in lower case. */
    public static String word(ServiceHealth health) {
        return health.status().name().toLowerCase(Locale.ROOT);
    }

    public static Style style(ServiceHealth health) {
        return switch (health.status()) {
            case PASSING -> Style.GOOD;
            case WARNING, DRAINING -> Style.WARNING;
            case CRITICAL -> Style.FAULT;
            case UNKNOWN -> Style.FAINT;
        };
    }
}
