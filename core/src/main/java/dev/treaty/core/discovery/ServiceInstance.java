package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.time.Instant;
import java.util.Map;

/**
 * One running copy of a service. {@link #of} makes one of what every copy has, and the {@code with…} methods say the
 * rest; the package has an example.
 *
 * @param id unique within the registry, and kept as long as the copy runs: visible ASCII characters without {@code /},
 *     at most {@value #ID_LENGTH_MAX}
 * @param service what it is a copy of
 * @param version the version of the contract it keeps
 * @param endpoint where it listens
 * @param health how it feels
 * @param region the part of the world it runs in, such as {@code eu}; empty where nobody said
 * @param zone where in the region, such as {@code eu-1a}: what fails together; empty where nobody said. Regions and
 *     zones have visible ASCII characters, at most {@value #PLACE_LENGTH_MAX}
 * @param weight how many calls it wants, compared with the other copies: {@value #WEIGHT_MIN} to
 *     {@value #WEIGHT_MAX}, and {@value #WEIGHT_DEFAULT} where nobody said
 * @param contract the fingerprint of its contract; empty where it is not known
 * @param metadata what else there is to know: at most {@value #METADATA_MAX} entries, {@value #METADATA_BYTES_MAX}
 *     bytes of UTF-8 in all. Keys are visible ASCII characters, at most {@value #METADATA_KEY_LENGTH_MAX}; values have
 *     no control characters
 * @param startedAt when the copy was started
 */
public record ServiceInstance(
        String id,
        ServiceName service,
        Version version,
        ServiceEndpoint endpoint,
        ServiceHealth health,
        String region,
        String zone,
        int weight,
        String contract,
        Map<String, String> metadata,
        Instant startedAt) {
    /** The longest id, in characters. */
    public static final int ID_LENGTH_MAX = 128;

    /** The longest region and zone, in characters. */
    public static final int PLACE_LENGTH_MAX = 128;

    /** The smallest weight. What wants no calls at all is {@linkplain ServiceHealth.Status#DRAINING draining}. */
    public static final int WEIGHT_MIN = 1;

    /** The largest weight. */
    public static final int WEIGHT_MAX = 1_000;

    /** The weight of those that say nothing. */
    public static final int WEIGHT_DEFAULT = 100;

    /** The longest contract fingerprint, in characters. */
    public static final int CONTRACT_LENGTH_MAX = 128;

    /** The most entries that {@code metadata} may have. */
    public static final int METADATA_MAX = 64;

    /** The longest key of {@code metadata}, in characters. */
    public static final int METADATA_KEY_LENGTH_MAX = 128;

    /** The most bytes that the keys and values of {@code metadata} may have together, in UTF-8. */
    public static final int METADATA_BYTES_MAX = 8_192;

    /** @throws IllegalArgumentException where a part is not legal; the message says which, and what is */
    public ServiceInstance {
        PermittedText.name("an instance id", id, 1, ID_LENGTH_MAX);
        if (id.indexOf('/') >= 0) {
            throw new IllegalArgumentException("the instance id " + id + " has a '/': leave it out");
        }
        checkPlace("region", region);
        checkPlace("zone", zone);
        checkWeight(weight);
        PermittedText.name("the contract fingerprint of " + id, contract, 0, CONTRACT_LENGTH_MAX);
        metadata = checkMetadata(metadata);
    }

    /** A copy that says nothing else: its health is unknown, it weighs {@value #WEIGHT_DEFAULT}, the rest is empty. */
    public static ServiceInstance of(
            String id, ServiceName service, Version version, ServiceEndpoint endpoint, Instant startedAt) {
        ServiceHealth health = ServiceHealth.of(ServiceHealth.Status.UNKNOWN, startedAt);
        return new ServiceInstance(
                id, service, version, endpoint, health, "", "", WEIGHT_DEFAULT, "", Map.of(), startedAt);
    }

    /** The same copy, feeling otherwise. */
    public ServiceInstance withHealth(ServiceHealth changed) {
        return new ServiceInstance(
                id, service, version, endpoint, changed, region, zone, weight, contract, metadata, startedAt);
    }

    /** The same copy in another region and zone. */
    public ServiceInstance withPlace(String otherRegion, String otherZone) {
        return new ServiceInstance(
                id, service, version, endpoint, health, otherRegion, otherZone, weight, contract, metadata, startedAt);
    }

    /** The same copy with another weight. */
    public ServiceInstance withWeight(int changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, changed, contract, metadata, startedAt);
    }

    /** The same copy keeping the contract of that fingerprint. */
    public ServiceInstance withContract(String changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, changed, metadata, startedAt);
    }

    /** The same copy with that metadata and no other. */
    public ServiceInstance withMetadata(Map<String, String> changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, contract, changed, startedAt);
    }

    /** The same copy, started at another moment. */
    public ServiceInstance withStartedAt(Instant changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, contract, metadata, changed);
    }

    /**
     * Checks a region or a zone on its own.
     *
     * @param what the word for it
     * @throws IllegalArgumentException where it is not legal
     */
    public static void checkPlace(String what, String place) {
        PermittedText.name(what, place, 0, PLACE_LENGTH_MAX);
    }

    /**
     * Checks a weight on its own.
     *
     * @throws IllegalArgumentException where it is out of range
     */
    public static void checkWeight(int weight) {
        if (weight < WEIGHT_MIN || weight > WEIGHT_MAX) {
            throw new IllegalArgumentException(
                    "weight " + weight + " is out of range: use " + WEIGHT_MIN + " to " + WEIGHT_MAX);
        }
    }

    /**
     * Checks metadata on its own, and copies it.
     *
     * @throws IllegalArgumentException where there is too much of it, or a key or value is not legal
     */
    public static Map<String, String> checkMetadata(Map<String, String> metadata) {
        if (metadata.size() > METADATA_MAX) {
            throw new IllegalArgumentException(
                    "metadata has " + metadata.size() + " entries: at most " + METADATA_MAX + " are allowed");
        }
        long bytes = 0;
        for (var entry : metadata.entrySet()) {
            PermittedText.name("a key of metadata", entry.getKey(), 1, METADATA_KEY_LENGTH_MAX);
            PermittedText.text("the metadata \"" + entry.getKey() + "\"", entry.getValue());
            bytes += PermittedText.bytes(entry.getKey()) + PermittedText.bytes(entry.getValue());
        }
        if (bytes > METADATA_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "metadata has " + bytes + " bytes: at most " + METADATA_BYTES_MAX + " are allowed");
        }
        return Map.copyOf(metadata);
    }
}
