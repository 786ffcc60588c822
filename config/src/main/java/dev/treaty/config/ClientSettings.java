package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.Range;
import java.time.Duration;

/**
 * The settings of the connections that this process opens to the services that it calls.
 *
 * @param connectionsMax the most connections to one instance; each carries one call at a time
 * @param idleConnectionsMax the most idle connections that are kept open
 * @param connectTimeout how long opening a connection may take
 * @param bodyBytesMax the largest response accepted
 */
public record ClientSettings(
        @Description("The most connections to one instance; each carries one call at a time.")
        @Accepted(min = "1", max = "65535")
        int connectionsMax,

        @Description("The most idle connections kept for one instance.") @Accepted(min = "0", max = "65535")
        int idleConnectionsMax,

        @Description("How long opening a connection may take.") @Accepted(min = "1ms", max = "5m")
        Duration connectTimeout,

        @Description("The largest response body.") @Accepted(min = "1KiB", max = "1GiB")
        int bodyBytesMax) {

    /** 256 connections, of which 64 stay open when idle, 1 s to connect, 4 MiB. */
    public static final ClientSettings DEFAULT = new ClientSettings(256, 64, Duration.ofSeconds(1), 4 << 20);

    /** @throws IllegalArgumentException if a value is out of range */
    public ClientSettings {
        Range.check("connections-max", connectionsMax, 1, 65_535);
        Range.check("idle-connections-max", idleConnectionsMax, 0, 65_535);
        Range.check("connect-timeout", connectTimeout, Duration.ofMillis(1), Duration.ofMinutes(5));
        Range.check("body-bytes-max", bodyBytesMax, 1 << 10, 1 << 30);
    }
}
