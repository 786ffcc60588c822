package dev.treaty.registry.compat;

import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An instance as a client of Consul registers it. What Treaty has no place for is kept in the metadata and shown as it
 * was registered; what cannot be kept is refused.
 *
 * @param given the body of the request
 * @param instance the instance before the first report of its check
 */
record ConsulDefinition(Map<?, ?> given, ServiceInstance instance, ConsulCheck check) {
    private static final Set<String> FIELDS =
            fields("ID Name Tags Meta Address Port Weights Check Checks TaggedAddresses EnableTagOverride");
    private static final Set<String> CHECK_FIELDS = fields("CheckID ID Name Notes TTL HTTP TCP GRPC GRPCUseTLS Interval"
            + " Timeout Method Status Output DeregisterCriticalServiceAfter SuccessBeforePassing FailuresBeforeWarning"
            + " FailuresBeforeCritical DisableRedirects OutputMaxSize");

    private static final Map<Class<?>, String> TYPES = Map.of(
            Map.class, "an object", List.class, "a list", Integer.class, "a whole number", Boolean.class, "a boolean");

    private static Set<String> fields(String names) {
        var fields = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        fields.addAll(List.of(names.split(" ")));
        return fields;
    }

    /** @throws IllegalArgumentException if the body of a request is not a definition, or has more than can be kept */
    static ConsulDefinition read(Map<?, ?> body, Instant now) {
        String name = text(body, "Name", "");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("Missing service name");
        }
        requireKnown(body, FIELDS, "");
        String id = text(body, "ID", name);
        Map<?, ?> given = check(body);
        requireKnown(given, CHECK_FIELDS, "Check.");
        var check = ConsulCheck.read(given, id);
        Status status =
                check.kind() == ConsulCheck.Kind.NONE ? Status.PASSING : status(text(given, "Status", "critical"));
        var health = new ServiceHealth(status, text(given, "Output", ""), now, Map.of());
        ServiceInstance instance = instance(body, given, check, id, name, now).withHealth(health);
        return new ConsulDefinition(body, instance, check);
    }

    /** Fields of other versions and editions of Consul may be there if they say nothing. */
    private static void requireKnown(Map<?, ?> object, Set<String> fields, String path) {
        object.forEach((key, value) -> {
            if (!fields.contains(String.valueOf(key)) && !isNothing(value) && !"default".equals(value)) {
                throw new IllegalArgumentException(
                        "this registry cannot keep " + path + key + " of a registration: leave it out");
            }
        });
    }

    private static boolean isNothing(Object value) {
        return switch (value) {
            case Map<?, ?> map -> map.values().stream().allMatch(each -> each == null || isNothing(each));
            case List<?> list -> list.isEmpty();
            case Number number -> number.doubleValue() == 0;
            default -> value.equals(false) || value.equals("");
        };
    }

    /** Returns the body of a request with this definition and with a report as the initial status of the check. */
    Map<String, Object> body(ServiceHealth reported) {
        Map<String, Object> body = anyCase(given);
        if (check.kind() != ConsulCheck.Kind.NONE) {
            Map<String, Object> fields = anyCase(check(body));
            fields.put("Status", reported.status().name().toLowerCase(Locale.ROOT));
            fields.put("Output", reported.message());
            body.remove("Checks");
            body.put("Check", fields);
        }
        return body;
    }

    /** Returns the same definition with another start time. */
    ConsulDefinition startedAt(Instant started) {
        return new ConsulDefinition(given, instance.withStartedAt(started), check);
    }

    /** Returns whether reports of another definition's check are valid for this one. */
    boolean sameCheck(ConsulDefinition other) {
        return check.kind() != ConsulCheck.Kind.NONE
                && check.kind() == other.check.kind()
                && check.target().equals(other.check.target())
                && check.id().equals(other.check.id());
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
        String text = field(object, key, String.class, "");
        return text.isEmpty() ? defaultText : text;
    }

    /** Returns a field of an object that {@link #object} has read, which must be of a type if it is there. */
    static <T> T field(Map<?, ?> object, String key, Class<T> type, T otherwise) {
        Object value = object.get(key);
        if (value != null && !type.isInstance(value)) {
            String expected = TYPES.getOrDefault(type, "a string");
            throw new IllegalArgumentException("Request decode failed: " + key + " must be " + expected);
        }
        return value == null ? otherwise : type.cast(value);
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
        var checks = new ArrayList<Object>(field(body, "Checks", List.class, List.of()));
        checks.addAll(Stream.ofNullable(body.get("Check")).toList());
        if (checks.size() > 1) {
            throw new IllegalArgumentException(
                    "this registry supports one check for an instance, not " + checks.size());
        }
        var only = new TreeMap<String, Object>();
        checks.forEach(check -> only.put("Check", check));
        return anyCase(field(only, "Check", Map.class, Map.of()));
    }

    private static ServiceInstance instance(
            Map<?, ?> body, Map<?, ?> givenCheck, ConsulCheck check, String id, String name, Instant now) {
        int port = field(body, "Port", Integer.class, 0);
        if (port == 0) {
            throw new IllegalArgumentException("Missing port: this registry lists instances with a Port only");
        }
        var metadata = meta(body);
        List<String> tags = tags(body);
        if (!tags.isEmpty()) {
            metadata.put(ConsulJson.TAGS, ConsulJson.joined(tags));
        }
        Weights weights = weights(body);
        var kept = new LinkedHashMap<String, Object>();
        keep(kept, "TaggedAddresses", taggedAddresses(body));
        keep(kept, "EnableTagOverride", field(body, "EnableTagOverride", Boolean.class, false));
        if (weights.warning != weights.passing) {
            kept.put("Warning", weights.warning);
        }
        if (check.kind() != ConsulCheck.Kind.NONE) {
            keep(kept, "CheckID", check.id().equals("service:" + id) ? "" : check.id());
            keep(kept, "Name", text(givenCheck, "Name", ""));
            keep(kept, "Notes", text(givenCheck, "Notes", ""));
            keep(kept, "Type", check.kind().name().toLowerCase(Locale.ROOT));
        }
        if (!kept.isEmpty()) {
            metadata.put(ConsulJson.KEPT, Json.text(kept));
        }
        var endpoint = new ServiceEndpoint("http", text(body, "Address", "127.0.0.1"), port);
        return ServiceInstance.of(id, new ServiceName(name), version(metadata), endpoint, now)
                .withWeight(weights.passing)
                .withMetadata(metadata);
    }

    private static void keep(Map<String, Object> kept, String key, @Nullable Object value) {
        if (value != null && !isNothing(value)) {
            kept.put(key, value);
        }
    }

    private static Map<String, String> meta(Map<?, ?> body) {
        var metadata = new TreeMap<String, String>();
        Map<?, ?> meta = field(body, "Meta", Map.class, Map.of());
        for (Object key : meta.keySet()) {
            if (key.equals(ConsulJson.TAGS) || key.equals(ConsulJson.KEPT)) {
                throw new IllegalArgumentException("this registry uses Meta." + key + " itself: use another name");
            }
            if (!(meta.get(key) instanceof String text)) {
                throw new IllegalArgumentException("Request decode failed: Meta." + key + " must be a string");
            }
            metadata.put(String.valueOf(key), text);
        }
        return metadata;
    }

    private static Map<?, ?> taggedAddresses(Map<?, ?> body) {
        Map<?, ?> addresses = field(body, "TaggedAddresses", Map.class, Map.of());
        for (Object key : addresses.keySet()) {
            Map<?, ?> each = field(addresses, String.valueOf(key), Map.class, Map.of());
            field(each, "Address", String.class, "");
            field(each, "Port", Integer.class, 0);
        }
        return addresses;
    }

    private static List<String> tags(Map<?, ?> body) {
        var tags = new ArrayList<String>();
        for (Object tag : field(body, "Tags", List.class, List.of())) {
            if (!(tag instanceof String text)) {
                throw new IllegalArgumentException("Request decode failed: a tag must be a string");
            }
            tags.add(text);
        }
        return tags;
    }

    /** The version in the metadata if it is one, so that clients of Treaty can require it. */
    private static Version version(Map<String, String> metadata) {
        try {
            return Version.parse(metadata.getOrDefault("version", "1.0.0"));
        } catch (IllegalArgumentException e) {
            return new Version(1, 0, 0);
        }
    }

    private record Weights(int passing, int warning) {}

    private static Weights weights(Map<?, ?> body) {
        int passing = ServiceInstance.WEIGHT_DEFAULT;
        int warning = passing;
        Map<?, ?> weights = field(body, "Weights", Map.class, Map.of());
        if (!isNothing(weights)) {
            passing = field(weights, "Passing", Integer.class, 0);
            warning = field(weights, "Warning", Integer.class, 1);
        }
        if (passing < ServiceInstance.WEIGHT_MIN || passing > ServiceInstance.WEIGHT_MAX || warning < 0) {
            throw new IllegalArgumentException("Weights.Passing is " + passing + ": use " + ServiceInstance.WEIGHT_MIN
                    + " to " + ServiceInstance.WEIGHT_MAX);
        }
        return new Weights(passing, warning);
    }
}
