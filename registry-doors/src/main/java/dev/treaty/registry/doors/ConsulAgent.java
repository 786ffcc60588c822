package dev.treaty.registry.doors;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.Door.Answer;
import dev.treaty.http.Door.Request;
import dev.treaty.http.Json;
import dev.treaty.http.MessageException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The part of a Consul agent that services register with. An instance with a TTL check is critical until the check is
 * said to pass, and whenever nobody has said so for the length of the TTL; where it is to be deregistered after a time
 * of that, it is.
 */
final class ConsulAgent implements AutoCloseable {
    /** The most instances that are registered here. */
    static final int INSTANCES_MAX = 10_000;

    private static final String TAGS = "tags";
    private static final long LOOK_NANOS = Duration.ofMillis(250).toNanos();

    private final Registry registry;
    private final Time time;
    private final Map<String, Kept> kept = new ConcurrentSkipListMap<>();
    private final Promise<Boolean> closed = new Promise<>();

    /** A registered instance; {@code ttlNanos} is 0 where it has no check. */
    private static final class Kept {
        final Registration registration;
        final String check;
        final long ttlNanos;
        final long deregisterNanos;
        volatile long saidAtNanos;
        volatile boolean silent;

        Kept(Registration registration, String check, long ttlNanos, long deregisterNanos, long nowNanos) {
            this.registration = registration;
            this.check = check;
            this.ttlNanos = ttlNanos;
            this.deregisterNanos = deregisterNanos;
            this.saidAtNanos = nowNanos;
        }
    }

    ConsulAgent(Registry registry, Time time) {
        this.registry = registry;
        this.time = time;
        Thread.ofVirtual().name("treaty-consul-ttl").start(this::run);
    }

    private void run() {
        try {
            while (closed.now() == null) {
                kept.forEach(this::look);
                closed.await(time, LOOK_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(String id, Kept each) {
        long silentNanos = time.nanoTime() - each.saidAtNanos;
        if (each.ttlNanos == 0 || silentNanos < each.ttlNanos) {
            return;
        }
        if (!each.silent) {
            each.silent = true;
            each.registration.report(health(Status.CRITICAL, "TTL expired"));
        }
        if (each.deregisterNanos > 0 && silentNanos - each.ttlNanos > each.deregisterNanos && kept.remove(id, each)) {
            each.registration.close();
        }
    }

    private ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, time.instant(), Map.of());
    }

    Answer answer(Request request) {
        try {
            String path = request.path().substring("/v1/agent/".length());
            if (path.equals("service/register")) {
                return register(request);
            }
            String id = path.substring(path.lastIndexOf('/') + 1);
            return switch (path.substring(0, path.lastIndexOf('/') + 1)) {
                case "service/deregister/" -> deregister(id);
                case "check/pass/" ->
                    said(id, Status.PASSING, request.parameter("note").orElse(""));
                case "check/warn/" ->
                    said(id, Status.WARNING, request.parameter("note").orElse(""));
                case "check/fail/" ->
                    said(id, Status.CRITICAL, request.parameter("note").orElse(""));
                case "check/update/" -> update(id, object(request));
                case "service/maintenance/" -> maintenance(id, request);
                default -> Answer.text(404, "this door to a registry of Treaty has no " + request.path());
            };
        } catch (IllegalArgumentException | MessageException e) {
            return Answer.text(400, String.valueOf(e.getMessage()));
        } catch (IllegalStateException e) {
            return Answer.text(503, String.valueOf(e.getMessage()));
        }
    }

    private static Map<?, ?> object(Request request) {
        if (Json.read(request.body()) instanceof Map<?, ?> object) {
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

    private static String text(Map<?, ?> object, String key, String otherwise) {
        Object value = object.get(key);
        if (value == null || "".equals(value)) {
            return otherwise;
        }
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("Request decode failed: " + key + " must be a string");
    }

    private Answer register(Request request) {
        Map<?, ?> body = object(request);
        String name = text(body, "Name", "");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("Missing service name");
        }
        String id = text(body, "ID", name);
        Map<?, ?> check = check(body);
        long ttl = duration(check, "TTL");
        long deregister = duration(check, "DeregisterCriticalServiceAfter");
        Status status = ttl == 0 ? Status.PASSING : status(text(check, "Status", "critical"));
        ServiceInstance instance = instance(body, id, name).withHealth(health(status, ""));
        Kept before = kept.remove(id);
        if (before != null) {
            before.registration.close(); // registering again replaces
        }
        if (kept.size() >= INSTANCES_MAX) {
            throw new IllegalStateException(INSTANCES_MAX + " instances are registered here, which is the limit");
        }
        String checkId = text(check, "CheckID", "service:" + id);
        kept.put(id, new Kept(registry.register(instance), checkId, ttl, deregister, time.nanoTime()));
        return Answer.text(200, "");
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
        return text.isEmpty() ? 0 : ConsulDoor.duration(text).toNanos();
    }

    private ServiceInstance instance(Map<?, ?> body, String id, String name) {
        var metadata = new TreeMap<String, String>();
        if (body.get("Meta") instanceof Map<?, ?> meta) {
            meta.forEach((key, value) -> metadata.put(String.valueOf(key), String.valueOf(value)));
        }
        if (body.get("Tags") instanceof List<?> tags && !tags.isEmpty()) {
            metadata.put(
                    TAGS, String.join(",", tags.stream().map(String::valueOf).toList()));
        }
        if (!(body.get("Port") instanceof Integer port)) {
            throw new IllegalArgumentException("Port is missing: an instance has one here");
        }
        Version version =
                Optional.ofNullable(metadata.get("version")).map(Version::parse).orElse(new Version(1, 0, 0));
        var endpoint = new ServiceEndpoint("http", text(body, "Address", "127.0.0.1"), port);
        return ServiceInstance.of(id, new ServiceName(name), version, endpoint, time.instant())
                .withWeight(weight(body))
                .withMetadata(metadata);
    }

    private static int weight(Map<?, ?> body) {
        return body.get("Weights") instanceof Map<?, ?> weights && weights.get("Passing") instanceof Integer passing
                ? Math.clamp(passing, ServiceInstance.WEIGHT_MIN, ServiceInstance.WEIGHT_MAX)
                : ServiceInstance.WEIGHT_DEFAULT;
    }

    private Answer deregister(String id) {
        Kept gone = kept.remove(id);
        if (gone == null) {
            return Answer.text(404, "Unknown service ID \"" + id + "\": it was not registered here");
        }
        gone.registration.close();
        return Answer.text(200, "");
    }

    private Answer update(String check, Map<?, ?> body) {
        return said(check, status(text(body, "Status", "")), text(body, "Output", ""));
    }

    private static Status status(String text) {
        return switch (text) {
            case "passing", "pass" -> Status.PASSING;
            case "warning", "warn" -> Status.WARNING;
            case "critical", "fail" -> Status.CRITICAL;
            default -> throw new IllegalArgumentException("Invalid check status: \"" + text + "\"");
        };
    }

    private Answer said(String check, Status status, String note) {
        for (Kept each : kept.values()) {
            if (each.check.equals(check)) {
                if (each.ttlNanos == 0) {
                    break;
                }
                each.saidAtNanos = time.nanoTime();
                each.silent = false;
                each.registration.report(health(status, note));
                return Answer.text(200, "");
            }
        }
        return Answer.text(404, "Unknown check ID \"" + check + "\"");
    }

    private Answer maintenance(String id, Request request) {
        Kept each = kept.get(id);
        if (each == null) {
            return Answer.text(404, "Unknown service ID \"" + id + "\"");
        }
        boolean enable = request.parameter("enable").orElse("").equals("true");
        each.registration.report(
                enable
                        ? health(Status.CRITICAL, request.parameter("reason").orElse("maintenance"))
                        : health(Status.PASSING, ""));
        return Answer.text(200, "");
    }

    /** What is registered here, by id. */
    Map<String, Object> services() {
        var all = new TreeMap<String, Object>();
        kept.forEach((id, each) -> all.put(id, service(each.registration.instance())));
        return all;
    }

    static List<String> tags(ServiceInstance instance) {
        String tags = instance.metadata().get(TAGS);
        return tags == null || tags.isEmpty() ? List.of() : Arrays.asList(tags.split(","));
    }

    static Map<String, String> meta(ServiceInstance instance) {
        var meta = new TreeMap<>(instance.metadata());
        meta.remove(TAGS);
        meta.putIfAbsent("version", instance.version().toString());
        return meta;
    }

    static Map<String, Integer> weights(ServiceInstance instance) {
        return Map.of("Passing", instance.weight(), "Warning", instance.weight());
    }

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
        service.put("CreateIndex", 1);
        service.put("ModifyIndex", 1);
        return service;
    }

    @Override
    public void close() {
        closed.complete(true);
        kept.values().forEach(each -> each.registration.close());
        kept.clear();
    }
}
