package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.Accepted;
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
        @Description("The address to listen on.")
        @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "an address or name; for `0.0.0.0` also set `advertise`")
        String host,

        @Description("The port to listen on; 0 for any free one.") @Accepted(min = "0", max = "65535")
        int port,

        @Description("The largest request body.") @Accepted(min = "1KiB", max = "1GiB")
        int bodyBytesMax,

        @Description("Which pages in browsers may call the services (CORS).")
        CorsSettings cors,

        @Description(
                "The proxies that state the [addresses of clients](wire.md#behind-proxies), in headers or in the PROXY"
                        + " protocol.")
        @Accepted("addresses and networks, such as `[10.0.0.0/8, \"fd00::1\"]`")
        List<AddressRange> trustedProxies,

        @Description("How long running calls get when the process closes.") @Accepted(min = "0s", max = "1h")
        Duration drain,

        @Description("Whether the process drains its services when it exits, for example after `SIGTERM`.")
        boolean drainOnExit,

        @Description("The host that is registered for clients; `none` for the one that it listens on.")
        @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "an address or name")
        Optional<String> advertise,

        @Description("The share of calls that its instances get, compared with others.")
        @Accepted(min = "1", max = "1000")
        int weight,

        @Description("Names and values registered with its instances, such as `{team: shop}`.")
        @Accepted("up to 64 keys, 8 KiB in all; keys in visible ASCII, up to 128 characters; values without control"
                + " characters")
        Map<String, String> metadata,

        @Description("The calls that each service accepts.") AdmissionPolicy limits) {

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
