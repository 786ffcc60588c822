package dev.treaty.http.client;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Opens connections over TCP: encrypted ones to {@code https}, or else unencrypted ones to {@code http}. */
public final class Channels {
    private Channels() {}

    /**
     * Returns what opens connections to servers of a service.
     *
     * @param tls null for unencrypted connections
     * @param service the service of which a server must be one; null for any
     */
    public static ByteChannel.Source to(
            @Nullable ServiceName service, @Nullable TransportSecurity tls, Time time, Watchdog watchdog) {
        String protocol = tls == null ? "http" : "https";
        return (endpoint, deadline) -> {
            if (!endpoint.protocol().equals(protocol)) {
                throw new IOException(
                        switch (endpoint.protocol()) {
                            case "http" -> "this process uses TLS, and that endpoint does not: secure its server too";
                            case "https" -> "that endpoint uses TLS, and this process does not: give it a certificate";
                            default -> "the protocol " + endpoint.protocol() + " is not supported: use " + protocol;
                        });
            }
            SocketByteChannel socket = SocketByteChannel.open(endpoint, deadline, time, watchdog);
            return tls == null ? socket : TlsByteChannel.open(socket, endpoint, service, tls, deadline, time);
        };
    }
}
