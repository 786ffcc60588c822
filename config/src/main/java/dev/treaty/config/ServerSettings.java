package dev.treaty.config;

import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.resilience.AdmissionPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How services of this process are offered.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free one
 * @param bodyBytesMax the largest request accepted
 * @param drain how long calls in progress get when the process closes
 * @param drainOnExit whether the process drains its services when it exits, for example after {@code SIGTERM}
 * @param advertise the host that clients are told; where it is not set, the one listened on
 * @param weight how many calls its instances want, compared with others
 * @param metadata what else the registry is told of its instances
 * @param limits how many calls each service lets in
 */
public record ServerSettings(
        String host,
        int port,
        int bodyBytesMax,
        Duration drain,
        boolean drainOnExit,
        Optional<String> advertise,
        int weight,
        Map<String, String> metadata,
        AdmissionPolicy limits) {

    /** Loopback, any free port, 4 MiB, 10 s, an instance like any other, and limits that only protect. */
    public static final ServerSettings DEFAULT = new ServerSettings(
            "127.0.0.1",
            0,
            4 << 20,
            Duration.ofSeconds(10),
            true,
            Optional.empty(),
            ServiceInstance.WEIGHT_DEFAULT,
            Map.of(),
            AdmissionPolicy.DEFAULT);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public ServerSettings {
        SettingChecks.filled("host", host);
        SettingChecks.within("port", port, 0, 65_535);
        SettingChecks.within("body-bytes-max", bodyBytesMax, 1 << 10, 1 << 30);
        SettingChecks.within("drain", drain, Duration.ZERO, Duration.ofHours(1));
        advertise.ifPresent(name -> SettingChecks.filled("advertise", name));
        ServiceInstance.checkWeight(weight);
        metadata = ServiceInstance.checkMetadata(metadata);
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
        if (everywhere && advertise.isEmpty()) {
            throw new IllegalArgumentException(
                    "host " + host + " is no address that clients could call: also set advertise to one");
        }
    }

    /** The same settings at another address. */
    public ServerSettings withAddress(String otherHost, int otherPort, Optional<String> otherAdvertise) {
        return new ServerSettings(
                otherHost, otherPort, bodyBytesMax, drain, drainOnExit, otherAdvertise, weight, metadata, limits);
    }

    /** The host that clients are told. */
    public String advertisedHost() {
        return advertise.orElse(host);
    }
}
