package dev.treaty.config;

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
public record ClientSettings(int connectionsMax, int idleConnectionsMax, Duration connectTimeout, int bodyBytesMax) {

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
