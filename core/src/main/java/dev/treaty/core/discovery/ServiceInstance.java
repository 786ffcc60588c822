package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.text.Range;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/**
 * One running instance of a service. {@link #of} creates one with the required properties, and {@code with…} methods
 * add the others; the package has an example.
 *
 * @param id unique within the registry, and constant while the instance runs: visible ASCII characters without
 *     {@code /}, at most {@value #ID_LENGTH_MAX}
 * @param service the name of the service
 * @param version the version of its contract
 * @param endpoint the address at which it accepts connections; clients call {@code https} if they use TLS, and
 *     otherwise {@code http}
 * @param health its reported health
 * @param region the part of the world in which it runs, such as {@code eu}; empty if unknown
 * @param zone the failure domain within the region, such as {@code eu-1a}; empty if unknown. Regions and zones have
 *     visible ASCII characters, at most {@value #PLACE_LENGTH_MAX}
 * @param weight its share of calls, compared with other instances: {@value #WEIGHT_MIN} to {@value #WEIGHT_MAX}, by
 *     default {@value #WEIGHT_DEFAULT}
 * @param contract the fingerprint of its contract; empty if unknown
 * @param metadata further properties: at most {@value #METADATA_MAX} entries, {@value #METADATA_BYTES_MAX} bytes of
 *     UTF-8 in total. Keys are visible ASCII characters, at most {@value #METADATA_KEY_LENGTH_MAX}; values have no
 *     control characters
 * @param startedAt when the instance was started
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
    /** The maximum length of an id, in characters. */
    public static final int ID_LENGTH_MAX = 128;

    /** The maximum length of a region or zone, in characters. */
    public static final int PLACE_LENGTH_MAX = 128;

    /** The smallest weight. Instances that accept no calls are {@linkplain ServiceHealth.Status#DRAINING draining}. */
    public static final int WEIGHT_MIN = 1;

    /** The largest weight. */
    public static final int WEIGHT_MAX = 1_000;

    /** The default weight. */
    public static final int WEIGHT_DEFAULT = 100;

    /** The maximum length of a contract fingerprint, in characters. */
    public static final int CONTRACT_LENGTH_MAX = 128;

    /** The maximum number of entries of {@code metadata}. */
    public static final int METADATA_MAX = 64;

    /** The maximum length of a key of {@code metadata}, in characters. */
    public static final int METADATA_KEY_LENGTH_MAX = 128;

    /** The maximum size of all keys and values of {@code metadata} together, in bytes of UTF-8. */
    public static final int METADATA_BYTES_MAX = 8_192;

    /** @throws IllegalArgumentException if a part is not valid; the message names the part and the problem */
    public ServiceInstance {
        PermittedText.checkName("an instance id", id, 1, ID_LENGTH_MAX);
        if (id.indexOf('/') >= 0) {
            throw new IllegalArgumentException("the instance id " + id + " has a '/': leave it out");
        }
        checkPlace("region", region);
        checkPlace("zone", zone);
        checkWeight(weight);
        PermittedText.checkName("the contract fingerprint of " + id, contract, 0, CONTRACT_LENGTH_MAX);
        metadata = checkMetadata(metadata);
    }

    /** An instance with unknown health, weight {@value #WEIGHT_DEFAULT} and otherwise empty properties. */
    public static ServiceInstance of(
            String id, ServiceName service, Version version, ServiceEndpoint endpoint, Instant startedAt) {
        ServiceHealth health = ServiceHealth.of(ServiceHealth.Status.UNKNOWN, startedAt);
        return new ServiceInstance(
                id, service, version, endpoint, health, "", "", WEIGHT_DEFAULT, "", Map.of(), startedAt);
    }

    /** The same instance with another health. */
    public ServiceInstance withHealth(ServiceHealth changed) {
        return new ServiceInstance(
                id, service, version, endpoint, changed, region, zone, weight, contract, metadata, startedAt);
    }

    /** The same instance in another region and zone. */
    public ServiceInstance withPlace(String otherRegion, String otherZone) {
        return new ServiceInstance(
                id, service, version, endpoint, health, otherRegion, otherZone, weight, contract, metadata, startedAt);
    }

    /** The same instance with another weight. */
    public ServiceInstance withWeight(int changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, changed, contract, metadata, startedAt);
    }

    /** The same instance with another contract fingerprint. */
    public ServiceInstance withContract(String changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, changed, metadata, startedAt);
    }

    /** The same instance with other metadata. */
    public ServiceInstance withMetadata(Map<String, String> changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, contract, changed, startedAt);
    }

    /** The same instance with another start time. */
    public ServiceInstance withStartedAt(Instant changed) {
        return new ServiceInstance(
                id, service, version, endpoint, health, region, zone, weight, contract, metadata, changed);
    }

    /**
     * Validates a region or a zone.
     *
     * @param what its name in the error message
     * @throws IllegalArgumentException if it is not valid
     */
    public static void checkPlace(String what, String place) {
        PermittedText.checkName(what, place, 0, PLACE_LENGTH_MAX);
    }

    /**
     * Validates a weight.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public static void checkWeight(int weight) {
        Range.check("weight", weight, WEIGHT_MIN, WEIGHT_MAX);
    }

    /**
     * Validates and copies metadata.
     *
     * @throws IllegalArgumentException if it is too large, or a key or value is not valid
     */
    public static Map<String, String> checkMetadata(Map<String, String> metadata) {
        if (metadata.size() > METADATA_MAX) {
            throw new IllegalArgumentException(
                    "metadata has " + metadata.size() + " entries: at most " + METADATA_MAX + " are allowed");
        }
        long bytes = 0;
        for (var entry : metadata.entrySet()) {
            PermittedText.checkName("a key of metadata", entry.getKey(), 1, METADATA_KEY_LENGTH_MAX);
            PermittedText.checkText("the metadata \"" + entry.getKey() + "\"", entry.getValue());
            bytes += entry.getKey().length() + entry.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (bytes > METADATA_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "metadata has " + bytes + " bytes: at most " + METADATA_BYTES_MAX + " are allowed");
        }
        return Map.copyOf(metadata);
    }
}
