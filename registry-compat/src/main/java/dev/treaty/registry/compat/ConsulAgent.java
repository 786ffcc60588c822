package dev.treaty.registry.compat;

import dev.treaty.codec.MessageException;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.RawHandler.Answer;
import dev.treaty.http.RawHandler.Request;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The part of a Consul agent that registers instances. An instance with a TTL check is critical until its check reports
 * {@code passing}, and whenever no report arrives within the TTL; after a further time it may be deregistered. In
 * maintenance it is critical, whatever its check reports. With a store, instances are registered again after a restart.
 */
final class ConsulAgent implements AutoCloseable {
    /** The most instances. */
    static final int INSTANCES_MAX = 10_000;

    /**
     * The longest note of a check or reason for maintenance, in characters; longer ones are shortened, as in Consul.
     */
    static final int NOTE_LENGTH_MAX = 4_096;

    private static final long CHECK_NANOS = Duration.ofMillis(250).toNanos();

    private final Registry registry;
    private final Time time;
    private final ConsulFiles files;
    private final Map<String, ConsulInstance> instances = new ConcurrentSkipListMap<>();
    private final ReentrantLock changing = new ReentrantLock(); // guards additions and removals
    private final Promise<Boolean> closed = new Promise<>();

    ConsulAgent(Registry registry, Time time, ConsulFiles files) {
        this.registry = registry;
        this.time = time;
        this.files = files;
        Thread.ofVirtual().name("treaty-consul-ttl").start(this::run);
    }

    /**
     * Registers the stored instances again.
     *
     * @throws IOException if a file cannot be read or its instance cannot be registered; then none is registered
     */
    void restore() throws IOException {
        for (var file : files.read().entrySet()) {
            try {
                var instance = ConsulInstance.restore(file.getValue(), registry, files, time);
                instances.put(instance.instance().id(), instance);
            } catch (IllegalArgumentException | IllegalStateException | MessageException | DateTimeException e) {
                instances.values().forEach(ConsulInstance::withdraw);
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
                instances.forEach(this::check);
                closed.await(time, CHECK_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void check(String id, ConsulInstance each) {
        try {
            if (each.expire()) {
                changing.lock();
                try {
                    if (closed.now() == null && each.expire()) { // it may have reported meanwhile
                        each.deregister();
                        instances.remove(id, each);
                    }
                } finally {
                    changing.unlock();
                }
            }
            each.saveChanges();
        } catch (IOException e) {
            // the disk fails: the next check tries again, and registrations return the error
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
                case "check/pass/" -> report(id, Status.PASSING, note(request, "note"));
                case "check/warn/" -> report(id, Status.WARNING, note(request, "note"));
                case "check/fail/" -> report(id, Status.CRITICAL, note(request, "note"));
                case "check/update/" -> update(id, ConsulDefinition.object(request.body()));
                case "service/maintenance/" -> maintenance(id, request);
                default -> Answer.text(404, "this registry's Consul API has no " + request.path());
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
            requireOpen();
            ConsulInstance known = instances.get(id);
            if (known != null) {
                known.define(definition);
            } else if (instances.size() >= INSTANCES_MAX) {
                throw new IllegalStateException(INSTANCES_MAX + " instances are registered, which is the limit");
            } else {
                instances.put(id, ConsulInstance.register(definition, registry, files, time));
            }
        } finally {
            changing.unlock();
        }
        return Answer.text(200, "");
    }

    private Answer deregister(String id) throws IOException {
        changing.lock();
        try {
            requireOpen();
            ConsulInstance known = instances.get(id);
            if (known == null) {
                return Answer.text(404, "Unknown service ID \"" + id + "\"");
            }
            known.deregister();
            instances.remove(id);
        } finally {
            changing.unlock();
        }
        return Answer.text(200, "");
    }

    private void requireOpen() {
        if (closed.now() != null) {
            throw new IllegalStateException("the registry is closed: try again later");
        }
    }

    private Answer update(String check, Map<?, ?> body) throws IOException {
        return report(
                check,
                ConsulDefinition.status(ConsulDefinition.text(body, "Status", "")),
                shortened(ConsulDefinition.text(body, "Output", "")));
    }

    private Answer report(String check, Status status, String note) throws IOException {
        var health = new ServiceHealth(status, note, time.instant(), Map.of());
        for (ConsulInstance each : instances.values()) {
            if (each.report(check, health)) {
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
        ConsulInstance known = instances.get(id);
        return known != null && known.maintain(reason)
                ? Answer.text(200, "")
                : Answer.text(404, "Unknown service ID \"" + id + "\"");
    }

    /** Returns the registered instances by id. */
    Map<String, Object> services() {
        var all = new TreeMap<String, Object>();
        instances.forEach((id, each) -> all.put(id, ConsulJson.service(each.instance())));
        return all;
    }

    /** Stops the checks; instances stay registered. */
    @Override
    public void close() {
        changing.lock();
        try {
            if (closed.complete(true)) {
                try {
                    for (ConsulInstance each : instances.values()) {
                        each.saveChanges();
                    }
                } finally {
                    files.close();
                }
            }
        } catch (IOException e) {
            // some reports are not stored; after a restart, the next reports replace them
        } finally {
            changing.unlock();
        }
    }
}
