package dev.treaty.registry.compat;

import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Principal;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.HealthProbes;
import dev.treaty.http.RawHandler.Answer;
import dev.treaty.http.RawHandler.Request;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The part of a Consul agent that registers instances. An instance with a check is critical until it is found to be
 * passing: with a TTL check by its own report, which is valid for that time; otherwise by a probe of HTTP, TCP or gRPC.
 * An instance that stays critical may be deregistered. In
 * maintenance it is critical, whatever its check reports. With a store, instances are registered again after a restart.
 */
final class ConsulAgent implements AutoCloseable {
    /** The most instances. */
    static final int INSTANCES_MAX = 10_000;

    /**
     * The longest note of a check or reason for maintenance, in characters; longer ones are shortened, as in Consul.
     */
    static final int NOTE_LENGTH_MAX = 4_096;

    private static final Answer OK = Answer.text(200, "");
    private static final long CHECK_NANOS = Duration.ofMillis(250).toNanos();

    private final Time time;
    private final ConsulAccess access;
    private final ConsulFiles files;
    private final HealthProbes probes;
    private final ConsulInstance.Agent self;
    private final Map<String, ConsulInstance> instances = new ConcurrentSkipListMap<>();
    private final Promise<Boolean> closed = new Promise<>();

    ConsulAgent(Registry registry, Time time, ConsulFiles files, CheckNetworks networks, ConsulAccess access) {
        this.access = access;
        this.time = time;
        this.files = files;
        this.probes = new HealthProbes(time, HealthPolicy.DURATION_MAX);
        this.self = new ConsulInstance.Agent(registry, files, time, probes, networks);
        BackgroundThread.virtual("treaty-consul-checks", time, Events.NONE, this::run)
                .start();
    }

    /**
     * Registers the stored instances again.
     *
     * @throws IOException if a file cannot be read or its instance cannot be registered; then none is registered
     */
    void restore() throws IOException {
        for (var file : files.read().entrySet()) {
            try {
                var instance = ConsulInstance.restore(file.getValue(), self);
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

    private void run() throws InterruptedException {
        while (closed.now() == null) {
            instances.forEach(this::check);
            closed.await(time, CHECK_NANOS);
        }
    }

    private void check(String id, ConsulInstance each) {
        try {
            if (each.expire()) {
                remove(id, each);
            }
            each.saveChanges();
        } catch (IOException e) {
            // the disk fails: the next check tries again, and registrations return the error
        }
    }

    private synchronized void remove(String id, ConsulInstance expired) throws IOException {
        if (closed.now() == null && expired.expire()) { // it may have reported meanwhile
            expired.deregister();
            instances.remove(id, expired);
        }
    }

    Answer answer(Request request) {
        try {
            String path = request.path().substring("/v1/agent/".length());
            if (path.equals("service/register")) {
                return register(request);
            }
            int end = path.indexOf('/', path.indexOf('/') + 1) + 1; // the id of a check may have slashes
            String id = path.substring(end);
            return switch (path.substring(0, end)) {
                case "service/deregister/" -> deregister(id, request.caller());
                case "check/pass/" -> report(request, id, Status.PASSING, note(request, "note"));
                case "check/warn/" -> report(request, id, Status.WARNING, note(request, "note"));
                case "check/fail/" -> report(request, id, Status.CRITICAL, note(request, "note"));
                case "check/update/" -> update(request, id, ConsulDefinition.object(request.body()));
                case "service/maintenance/" -> maintenance(id, request);
                default -> ConsulApi.unsupported(request.path());
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
        definition.check().require(self.networks());
        access.requireRegister(request.caller(), definition.instance());
        register(definition, request.caller());
        return OK;
    }

    private synchronized void register(ConsulDefinition definition, Principal caller) throws IOException {
        requireOpen();
        String id = definition.instance().id();
        String check = definition.check().id();
        instances.forEach((other, instance) -> {
            if (!other.equals(id) && instance.checkId().equals(check)) {
                throw new IllegalArgumentException(
                        "CheckID \"" + check + "\" is that of instance " + other + ": use another one");
            }
        });
        ConsulInstance known = instances.get(id);
        String owner = access.identity(caller);
        if (known != null) {
            access.requireOwner(caller, known);
            known.define(definition);
        } else if (instances.size() >= INSTANCES_MAX) {
            throw new IllegalStateException(INSTANCES_MAX + " instances are registered, which is the limit");
        } else if (access.instancesMax() < INSTANCES_MAX && held(owner) >= access.instancesMax()) {
            throw new IllegalStateException(
                    "one identity may register " + access.instancesMax() + " instances, and this one has as many");
        } else {
            instances.put(id, ConsulInstance.register(definition, owner, self));
        }
    }

    private long held(String owner) {
        return instances.values().stream()
                .filter(each -> each.owner().equals(owner))
                .count();
    }

    private synchronized Answer deregister(String id, Principal caller) throws IOException {
        requireOpen();
        ConsulInstance known = instances.get(id);
        if (known == null) {
            return unknown("service", id);
        }
        access.requireOwner(caller, known);
        known.deregister();
        instances.remove(id);
        return OK;
    }

    private void requireOpen() {
        if (closed.now() != null) {
            throw new IllegalStateException("the registry is closed: try again later");
        }
    }

    private Answer update(Request request, String check, Map<?, ?> body) throws IOException {
        return report(
                request,
                check,
                ConsulDefinition.status(ConsulDefinition.text(body, "Status", "")),
                shortened(ConsulDefinition.text(body, "Output", "")));
    }

    private Answer report(Request request, String check, Status status, String note) throws IOException {
        var health = new ServiceHealth(status, note, time.instant(), Map.of());
        for (ConsulInstance each : instances.values()) {
            if (!each.checkId().equals(check)) {
                continue;
            }
            access.requireOwner(request.caller(), each);
            if (each.report(check, health)) {
                return OK;
            }
        }
        return unknown("check", check);
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
        if (known != null) {
            access.requireMaintenance(request.caller(), known);
        }
        return known != null && known.maintain(reason) ? OK : unknown("service", id);
    }

    private static Answer unknown(String kind, String id) {
        return Answer.text(404, "Unknown " + kind + " ID \"" + id + "\"");
    }

    /** Returns the registered instances. */
    List<ServiceInstance> instances() {
        return instances.values().stream().map(ConsulInstance::instance).toList();
    }

    /** Stops the checks; instances stay registered. */
    @Override
    public synchronized void close() {
        if (!closed.complete(true)) {
            return;
        }
        instances.values().forEach(ConsulInstance::close);
        probes.close();
        try (files) {
            for (ConsulInstance each : instances.values()) {
                each.saveChanges();
            }
        } catch (IOException e) {
            // some reports are not stored; after a restart, the next reports replace them
        }
    }
}
