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
 * What a client of Consul says of an instance when it registers it.
 *
 * @param instance as it is until its check says something
 * @param check the id of its check
 * @param ttlNanos how long what the check said holds; 0 where it has no check
 * @param deregisterNanos how long it may then be critical before it is deregistered; 0 where it may for ever
 */
record ConsulDefinition(ServiceInstance instance, String check, long ttlNanos, long deregisterNanos) {
    /** The longest id of a check, in characters. */
    static final int CHECK_LENGTH_MAX = 1_024;

    /** @throws IllegalArgumentException where the body of a request is not a definition; the message says why */
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
                    "CheckID has " + checkId.length() + " characters: at most " + CHECK_LENGTH_MAX + " are allowed");
        }
        long ttl = duration(check, "TTL");
        Status status = ttl == 0 ? Status.PASSING : status(text(check, "Status", "critical"));
        var health = new ServiceHealth(status, text(check, "Output", ""), now, Map.of());
        ServiceInstance instance = instance(body, id, name, now).withHealth(health);
        return new ConsulDefinition(instance, checkId, ttl, duration(check, "DeregisterCriticalServiceAfter"));
    }

    /** The body of a request that defines the same, with a check that begins with what it said here. */
    Map<String, Object> body(ServiceHealth said) {
        var body = new LinkedHashMap<String, Object>();
        body.put("Name", instance.service().value());
        body.put("ID", instance.id());
        body.put("Address", instance.endpoint().host());
        body.put("Port", instance.endpoint().port());
        body.put("Meta", instance.metadata()); // its tags are in there
        body.put("Weights", ConsulAgent.weights(instance));
        if (ttlNanos > 0) {
            body.put(
                    "Check",
                    Map.of(
                            "CheckID", check,
                            "TTL", text(Duration.ofNanos(ttlNanos)),
                            "DeregisterCriticalServiceAfter", text(Duration.ofNanos(deregisterNanos)),
                            "Status", said.status().name().toLowerCase(Locale.ROOT),
                            "Output", said.message()));
        }
        return body;
    }

    /** The same instance, started when another one was. */
    ConsulDefinition startedAt(Instant started) {
        return new ConsulDefinition(instance.withStartedAt(started), check, ttlNanos, deregisterNanos);
    }

    /** Whether what the check of another definition said still holds for this one. */
    boolean sameCheck(ConsulDefinition other) {
        return ttlNanos > 0 && other.ttlNanos > 0 && check.equals(other.check);
    }

    /** @throws IllegalArgumentException where that is no JSON object */
    static Map<?, ?> object(byte[] json) {
        if (Json.read(json) instanceof Map<?, ?> object) {
            return anyCase(object);
        }
        throw new IllegalArgumentException("Request decode failed: the body is no JSON object");
    }

    /** The same, with the case of its keys left open: Consul, which is written in Go, reads JSON so. */
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

    /** A string of an object that {@link #object} read. */
    static String text(Map<?, ?> object, String key, String otherwise) {
        Object value = object.get(key);
        if (value == null || "".equals(value)) {
            return otherwise;
        }
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("Request decode failed: " + key + " must be a string");
    }

    /** The status of a check, in the words of Consul. */
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
                throw new IllegalArgumentException("an instance has one check at most here, not " + several.size());
            }
            check = several.isEmpty() ? null : several.getFirst();
        }
        if (check == null) {
            return Map.of();
        }
        if (check instanceof Map<?, ?> object && anyCase(object).containsKey("TTL")) {
            return anyCase(object);
        }
        throw new IllegalArgumentException("a check has a TTL here: the instance says how it feels");
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
                    ConsulAgent.TAGS,
                    String.join(",", tags.stream().map(String::valueOf).toList()));
        }
        if (!(body.get("Port") instanceof Integer port)) {
            throw new IllegalArgumentException("Port is missing: an instance has one here");
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
