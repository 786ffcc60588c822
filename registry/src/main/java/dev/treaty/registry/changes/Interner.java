package dev.treaty.registry.changes;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.HashMap;
import java.util.Map;

/**
 * Interns values that many instances share, such as names, versions and zones. A decoder creates new ones for each
 * instance, which would be half of an instance's memory. Not thread-safe: the owner holds a lock.
 */
public final class Interner {
    /** The most values that are kept; the next one starts over, and values in use stay in memory unshared. */
    private static final int VALUES_MAX = 65_536;

    /** Longer texts are seldom shared. */
    private static final int LENGTH_MAX = 64;

    private final Map<Object, Object> values = new HashMap<>();

    /** Returns an equal instance whose parts are shared. */
    public ServiceInstance intern(ServiceInstance instance) {
        ServiceEndpoint endpoint = instance.endpoint();
        var metadata = new HashMap<String, String>();
        instance.metadata().forEach((key, value) -> metadata.put(share(key), text(value)));
        return new ServiceInstance(
                instance.id(),
                share(instance.service()),
                share(instance.version()),
                new ServiceEndpoint(share(endpoint.protocol()), text(endpoint.host()), endpoint.port()),
                instance.health(),
                share(instance.region()),
                share(instance.zone()),
                instance.weight(),
                share(instance.contract()),
                metadata,
                instance.startedAt());
    }

    private String text(String text) {
        return text.length() <= LENGTH_MAX ? share(text) : text;
    }

    @SuppressWarnings("unchecked") // what equals a value of these final classes has the same class
    private <T> T share(T value) {
        if (values.size() >= VALUES_MAX && !values.containsKey(value)) {
            values.clear();
        }
        return (T) values.computeIfAbsent(value, same -> same);
    }
}
