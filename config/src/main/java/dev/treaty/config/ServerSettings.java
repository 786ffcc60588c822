package dev.treaty.config;

import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.Range;
import dev.treaty.resilience.AdmissionPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of the server of this process: address, limits, drain, and what is registered with its instances.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free port
 * @param bodyBytesMax the largest request accepted
 * @param cors which pages in browsers may call its services
 * @param trustedProxies the proxies that state the addresses of clients, as addresses and networks
 * @param drain how long calls in progress may take when the process closes
 * @param drainOnExit whether the process drains its services when it exits, for example after {@code SIGTERM}
 * @param advertise the host that clients connect to; empty for the one listened on
 * @param weight the share of calls of its instances, relative to others
 * @param metadata the metadata of its instances in the registry
 * @param limits the calls that each service accepts
 */
public record ServerSettings(
        String host,
        int port,
        int bodyBytesMax,
        CorsSettings cors,
        List<AddressRange> trustedProxies,
        Duration drain,
        boolean drainOnExit,
        Optional<String> advertise,
        int weight,
        Map<String, String> metadata,
        AdmissionPolicy limits) {

    /** Loopback, any free port, 4 MiB, 10 s to drain, the standard weight, and limits that only protect. */
    public static final ServerSettings DEFAULT = new ServerSettings(
            "127.0.0.1",
            0,
            4 << 20,
            CorsSettings.DEFAULT,
            List.of(),
            Duration.ofSeconds(10),
            true,
            Optional.empty(),
            ServiceInstance.WEIGHT_DEFAULT,
            Map.of(),
            AdmissionPolicy.DEFAULT);

    /** @throws IllegalArgumentException if a value is out of range */
    public ServerSettings {
        SettingChecks.notBlank("host", host);
        Range.check("port", port, 0, 65_535);
        Range.check("body-bytes-max", bodyBytesMax, 1 << 10, 1 << 30);
        Range.check("drain", drain, Duration.ZERO, Duration.ofHours(1));
        trustedProxies = List.copyOf(trustedProxies);
        for (AddressRange range : trustedProxies) {
            if (range.bits() == 0) {
                throw new IllegalArgumentException("trusted-proxies contains " + range
                        + ", which lets every client state any address: write the networks of the proxies alone");
            }
        }
        advertise.ifPresent(name -> SettingChecks.notBlank("advertise", name));
        ServiceInstance.checkWeight(weight);
        metadata = ServiceInstance.checkMetadata(metadata);
        boolean unspecified = host.equals("0.0.0.0") || host.equals("::");
        if (unspecified && advertise.isEmpty()) {
            throw new IllegalArgumentException("host " + host + " is not routable: set server.advertise");
        }
    }

    /** Returns the same settings with another address. */
    public ServerSettings withAddress(String otherHost, int otherPort, Optional<String> otherAdvertise) {
        return new ServerSettings(
                otherHost,
                otherPort,
                bodyBytesMax,
                cors,
                trustedProxies,
                drain,
                drainOnExit,
                otherAdvertise,
                weight,
                metadata,
                limits);
    }

    /** Returns the host that clients connect to. */
    public String advertisedHost() {
        return advertise.orElse(host);
    }
}
