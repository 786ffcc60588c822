package dev.treaty.core.discovery;

/**
 * Where an instance listens.
 *
 * @param protocol {@code http} or {@code https}
 * @param host a name or an address; IPv6 without brackets
 * @param port from 1 to 65535
 */
public record ServiceEndpoint(String protocol, String host, int port) {
    /** @throws IllegalArgumentException where a part is empty or the port out of range */
    public ServiceEndpoint {
        if (protocol.isBlank() || host.isBlank()) {
            throw new IllegalArgumentException("an endpoint needs a protocol and a host");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is out of range: use 1 to 65535");
        }
    }

    /** {@code host:port}, with brackets around an IPv6 address. */
    public String authority() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    @Override
    public String toString() {
        return protocol + "://" + authority();
    }
}
