package dev.treaty.registry.compat;

import dev.treaty.codec.MessageException;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.RawHandler.Answer;
import dev.treaty.http.RawHandler.Request;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The part of a Consul agent that services register with. An instance with a TTL check is critical until the check is
 * said to pass, and whenever nobody has said so for the length of the TTL; where it is to be deregistered after a time
 * of that, it is. In maintenance it is critical whatever its check says.
 *
 * <p>Clients of Consul register once and expect the agent to remember: with a store, what is registered is registered
 * again after a restart.
 */
final class ConsulAgent implements AutoCloseable {
    /** The most instances that are registered here. */
    static final int INSTANCES_MAX = 10_000;

    /** The longest note of a check and reason for maintenance that is kept, in characters, as in Consul. */
    static final int NOTE_LENGTH_MAX = 4_096;

    static final String TAGS = "tags";
    private static final long LOOK_NANOS = Duration.ofMillis(250).toNanos();

    private final Registry registry;
    private final Time time;
    private final ConsulFiles files;
    private final Map<String, ConsulInstance> kept = new ConcurrentSkipListMap<>();
    private final ReentrantLock changing = new ReentrantLock(); // held by whoever adds to or takes out of what is kept
    private final Promise<Boolean> closed = new Promise<>();

    ConsulAgent(Registry registry, Time time, ConsulFiles files) {
        this.registry = registry;
        this.time = time;
        this.files = files;
        Thread.ofVirtual().name("treaty-consul-ttl").start(this::run);
    }

    /**
     * Registers again what was kept.
     *
     * @throws IOException where a file cannot be read or its instance not be registered; then none is
     */
    void restore() throws IOException {
        for (var file : files.read().entrySet()) {
            try {
                var instance = ConsulInstance.restored(file.getValue(), registry, files, time);
                kept.put(instance.instance().id(), instance);
            } catch (IllegalArgumentException | IllegalStateException | MessageException | DateTimeException e) {
                kept.values().forEach(ConsulInstance::withdraw);
                throw new IOException(
                        "the instance in " + file.getKey() + " cannot be registered again: " + e.getMessage()
                                + "; repair the file, or delete it and have the instance register",
                        e);
            }
        }
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

    private void look(String id, ConsulInstance each) {
        try {
            if (each.look()) {
                changing.lock();
                try {
                    if (closed.now() == null && each.look()) { // it may have said something meanwhile
                        each.deregister();
                        kept.remove(id, each);
                    }
                } finally {
                    changing.unlock();
                }
            }
            each.saveChanges();
        } catch (IOException e) {
            // The disk fails: the instances go on, and it is tried again at the next look. Who registers is told.
        }
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
                case "check/pass/" -> said(id, Status.PASSING, note(request, "note"));
                case "check/warn/" -> said(id, Status.WARNING, note(request, "note"));
                case "check/fail/" -> said(id, Status.CRITICAL, note(request, "note"));
                case "check/update/" -> update(id, ConsulDefinition.object(request.body()));
                case "service/maintenance/" -> maintenance(id, request);
                default -> Answer.text(404, "this door to a registry of Treaty has no " + request.path());
            };
        } catch (IllegalArgumentException | MessageException e) {
            return Answer.text(400, String.valueOf(e.getMessage()));
        } catch (IllegalStateException e) {
            return Answer.text(503, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Answer.text(500, "the registry's directory cannot be written: " + e.getMessage());
        }
    }

    private static String note(Request request, String parameter) {
        return shortened(request.parameter(parameter).orElse(""));
    }

    private static String shortened(String note) {
        return note.length() <= NOTE_LENGTH_MAX ? note : note.substring(0, NOTE_LENGTH_MAX);
    }

    private Answer register(Request request) throws IOException {
        var definition = ConsulDefinition.read(ConsulDefinition.object(request.body()), time.instant());
        String id = definition.instance().id();
        changing.lock();
        try {
            refuseWhenClosed();
            ConsulInstance known = kept.get(id);
            if (known != null) {
                known.define(definition);
            } else if (kept.size() >= INSTANCES_MAX) {
                throw new IllegalStateException(INSTANCES_MAX + " instances are registered here, which is the limit");
            } else {
                kept.put(id, ConsulInstance.registered(definition, registry, files, time));
            }
        } finally {
            changing.unlock();
        }
        return Answer.text(200, "");
    }

    private Answer deregister(String id) throws IOException {
        changing.lock();
        try {
            refuseWhenClosed();
            ConsulInstance known = kept.get(id);
            if (known == null) {
                return Answer.text(404, "Unknown service ID \"" + id + "\": it was not registered here");
            }
            known.deregister();
            kept.remove(id);
        } finally {
            changing.unlock();
        }
        return Answer.text(200, "");
    }

    private void refuseWhenClosed() {
        if (closed.now() != null) {
            throw new IllegalStateException("this door is closed: ask again when the registry is back");
        }
    }

    private Answer update(String check, Map<?, ?> body) {
        return said(
                check,
                ConsulDefinition.status(ConsulDefinition.text(body, "Status", "")),
                shortened(ConsulDefinition.text(body, "Output", "")));
    }

    private Answer said(String check, Status status, String note) {
        var health = new ServiceHealth(status, note, time.instant(), Map.of());
        for (ConsulInstance each : kept.values()) {
            if (each.heard(check, health)) {
                return Answer.text(200, "");
            }
        }
        return Answer.text(404, "Unknown check ID \"" + check + "\"");
    }

    private Answer maintenance(String id, Request request) throws IOException {
        String reason = switch (request.parameter("enable").orElse("")) {
            case "true" ->
                Optional.of(note(request, "reason"))
                        .filter(given -> !given.isEmpty())
                        .orElse("maintenance");
            case "false" -> "";
            default -> throw new IllegalArgumentException("Missing value for enable: write true or false");
        };
        ConsulInstance known = kept.get(id);
        return known != null && known.maintain(reason)
                ? Answer.text(200, "")
                : Answer.text(404, "Unknown service ID \"" + id + "\"");
    }

    /** What is registered here, by id. */
    Map<String, Object> services() {
        var all = new TreeMap<String, Object>();
        kept.forEach((id, each) -> all.put(id, service(each.instance())));
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

    /** Looks after nobody any more; what is registered stays so. */
    @Override
    public void close() {
        changing.lock();
        try {
            if (closed.complete(true)) {
                try {
                    for (ConsulInstance each : kept.values()) {
                        each.saveChanges();
                    }
                } finally {
                    files.close();
                }
            }
        } catch (IOException e) {
            // How some feel was not saved; after a restart, what their checks say next makes up for it.
        } finally {
            changing.unlock();
        }
    }
}
