package dev.treaty.registry.changes;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.HashMap;
import java.util.Map;

/**
 * What many instances say alike, kept once: names, versions, places, fingerprints. A decoder makes each of them anew
 * for each instance, which would be half of what an instance takes. Not safe for threads: its owner has a lock.
 */
public final class Interner {
    /** The most values that are kept. When it has so many, it begins anew: what is in use stays, though unshared. */
    private static final int VALUES_MAX = 65_536;

    /** Longer texts are seldom said twice. */
    private static final int LENGTH_MAX = 64;

    private final Map<Object, Object> values = new HashMap<>();

    /** The same instance, of parts that are shared. */
    public ServiceInstance of(ServiceInstance instance) {
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

    @SuppressWarnings("unchecked") // what is equal to a value of these final classes is of its class
    private <T> T share(T value) {
        Object known = values.get(value);
        if (known != null) {
            return (T) known;
        }
        if (values.size() >= VALUES_MAX) {
            values.clear();
        }
        values.put(value, value);
        return value;
    }
}
