package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.time.Instant;
import java.util.Map;

/**
 * One running copy of a service.
 *
 * @param id unique within the registry, and kept as long as the copy runs
 * @param service what it is a copy of
 * @param version the version of the contract it keeps
 * @param endpoint where it listens
 * @param health how it feels
 * @param zone where it runs, such as {@code eu-1a}; empty where nobody said
 * @param contract the fingerprint of its contract; empty where it is not known
 * @param metadata what else there is to know; at most {@value #METADATA_MAX} entries
 * @param startedAt when the copy was started
 */
public record ServiceInstance(
        String id,
        ServiceName service,
        Version version,
        ServiceEndpoint endpoint,
        ServiceHealth health,
        String zone,
        String contract,
        Map<String, String> metadata,
        Instant startedAt) {
    /** The most entries that {@code metadata} may have. */
    public static final int METADATA_MAX = 64;

    /** The longest id, in characters. */
    public static final int ID_LENGTH_MAX = 128;

    /** @throws IllegalArgumentException where the id is empty or too long or there is too much metadata */
    public ServiceInstance {
        if (id.isBlank() || id.length() > ID_LENGTH_MAX) {
            throw new IllegalArgumentException("an instance id has 1 to " + ID_LENGTH_MAX + " characters");
        }
        metadata = Map.copyOf(metadata);
        if (metadata.size() > METADATA_MAX) {
            throw new IllegalArgumentException(
                    "instance " + id + " has " + metadata.size() + " entries of metadata: at most " + METADATA_MAX);
        }
    }

    /** The same copy, feeling otherwise. */
    public ServiceInstance with(ServiceHealth changed) {
        return new ServiceInstance(id, service, version, endpoint, changed, zone, contract, metadata, startedAt);
    }
}
