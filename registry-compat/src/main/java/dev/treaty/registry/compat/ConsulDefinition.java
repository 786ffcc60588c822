package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An instance as a client of Consul registers it.
 *
 * @param instance the instance before the first report of its check
 * @param check the id of its check
 * @param ttlNanos how long a report of the check is valid; 0 for no check
 * @param deregisterNanos how long it may be critical afterwards before it is deregistered; 0 for ever
 */
record ConsulDefinition(ServiceInstance instance, String check, long ttlNanos, long deregisterNanos) {
    /** The longest id of a check, in characters. */
    static final int CHECK_LENGTH_MAX = 1_024;

    /** @throws IllegalArgumentException if the body of a request is not a definition */
    static ConsulDefinition read(Map<?, ?> body, Instant now) {
        String name = text(body, "Name", "");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("Missing service name");
        }
        String id = text(body, "ID", name);
        Map<?, ?> check = check(body);
        String checkId = text(check, "CheckID", "service:" + id);
        if (checkId.length() > CHECK_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "CheckID has " + checkId.length() + " characters: use at most " + CHECK_LENGTH_MAX);
        }
        long ttl = duration(check, "TTL");
        Status status = ttl == 0 ? Status.PASSING : status(text(check, "Status", "critical"));
        var health = new ServiceHealth(status, text(check, "Output", ""), now, Map.of());
        ServiceInstance instance = instance(body, id, name, now).withHealth(health);
        return new ConsulDefinition(instance, checkId, ttl, duration(check, "DeregisterCriticalServiceAfter"));
    }

    /** Returns the body of a request with this definition and with a report as the initial status of the check. */
    Map<String, Object> body(ServiceHealth reported) {
        var body = new LinkedHashMap<String, Object>();
        body.put("Name", instance.service().value());
        body.put("ID", instance.id());
        body.put("Address", instance.endpoint().host());
        body.put("Port", instance.endpoint().port());
        body.put("Meta", instance.metadata()); // tags included
        body.put("Weights", ConsulJson.weights(instance));
        if (ttlNanos > 0) {
            body.put(
                    "Check",
                    Map.of(
                            "CheckID", check,
                            "TTL", text(Duration.ofNanos(ttlNanos)),
                            "DeregisterCriticalServiceAfter", text(Duration.ofNanos(deregisterNanos)),
                            "Status", reported.status().name().toLowerCase(Locale.ROOT),
                            "Output", reported.message()));
        }
        return body;
    }

    /** Returns the same definition with another start time. */
    ConsulDefinition startedAt(Instant started) {
        return new ConsulDefinition(instance.withStartedAt(started), check, ttlNanos, deregisterNanos);
    }

    /** Returns whether reports of another definition's check are valid for this one. */
    boolean sameCheck(ConsulDefinition other) {
        return ttlNanos > 0 && other.ttlNanos > 0 && check.equals(other.check);
    }

    /** @throws IllegalArgumentException if the text is not a JSON object */
    static Map<?, ?> object(byte[] json) {
        if (Json.read(json) instanceof Map<?, ?> object) {
            return anyCase(object);
        }
        throw new IllegalArgumentException("Request decode failed: the body is not a JSON object");
    }

    /** Returns the same object with case-insensitive keys, as Go reads JSON. */
    private static Map<String, Object> anyCase(Map<?, ?> object) {
        var open = new TreeMap<String, Object>(String.CASE_INSENSITIVE_ORDER);
        object.forEach((key, value) -> {
            if (value != null) {
                open.put(
                        String.valueOf(key),
                        value instanceof Map<?, ?> inner && !"meta".equalsIgnoreCase(String.valueOf(key))
                                ? anyCase(inner)
                                : value);
            }
        });
        return open;
    }

    /** Returns a string of an object that {@link #object} has read. */
    static String text(Map<?, ?> object, String key, String defaultText) {
        Object value = object.get(key);
        if (value == null || "".equals(value)) {
            return defaultText;
        }
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("Request decode failed: " + key + " must be a string");
    }

    /** Parses the status of a check. */
    static Status status(String text) {
        return switch (text) {
            case "passing", "pass" -> Status.PASSING;
            case "warning", "warn" -> Status.WARNING;
            case "critical", "fail" -> Status.CRITICAL;
            default -> throw new IllegalArgumentException("Invalid check status: \"" + text + "\"");
        };
    }

    private static Map<?, ?> check(Map<?, ?> body) {
        Object check = body.get("Check");
        if (check == null && body.get("Checks") instanceof List<?> several) {
            if (several.size() > 1) {
                throw new IllegalArgumentException(
                        "this registry supports one check for an instance, not " + several.size());
            }
            check = several.isEmpty() ? null : several.getFirst();
        }
        if (check == null) {
            return Map.of();
        }
        if (check instanceof Map<?, ?> object && anyCase(object).containsKey("TTL")) {
            return anyCase(object);
        }
        throw new IllegalArgumentException("this registry supports checks with a TTL only");
    }

    private static long duration(Map<?, ?> check, String key) {
        String text = text(check, key, "");
        return text.isEmpty() ? 0 : ConsulApi.duration(text).toNanos();
    }

    private static String text(Duration duration) {
        return duration.toHours() + "h" + duration.toMinutesPart() + "m" + duration.toSecondsPart() + "s"
                + duration.toMillisPart() + "ms";
    }

    private static ServiceInstance instance(Map<?, ?> body, String id, String name, Instant now) {
        var metadata = new TreeMap<String, String>();
        if (body.get("Meta") instanceof Map<?, ?> meta) {
            meta.forEach((key, value) -> metadata.put(String.valueOf(key), String.valueOf(value)));
        }
        if (body.get("Tags") instanceof List<?> tags && !tags.isEmpty()) {
            metadata.put(
                    ConsulJson.TAGS,
                    String.join(",", tags.stream().map(String::valueOf).toList()));
        }
        if (!(body.get("Port") instanceof Integer port)) {
            throw new IllegalArgumentException("Missing port");
        }
        Version version =
                Optional.ofNullable(metadata.get("version")).map(Version::parse).orElse(new Version(1, 0, 0));
        var endpoint = new ServiceEndpoint("http", text(body, "Address", "127.0.0.1"), port);
        return ServiceInstance.of(id, new ServiceName(name), version, endpoint, now)
                .withWeight(weight(body))
                .withMetadata(metadata);
    }

    private static int weight(Map<?, ?> body) {
        return body.get("Weights") instanceof Map<?, ?> weights && weights.get("Passing") instanceof Integer passing
                ? Math.clamp(passing, ServiceInstance.WEIGHT_MIN, ServiceInstance.WEIGHT_MAX)
                : ServiceInstance.WEIGHT_DEFAULT;
    }
}
