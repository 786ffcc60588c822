package dev.treaty.core.discovery;

import java.util.regex.Pattern;

/**
 * Where an instance listens.
 *
 * @param protocol {@code http} or {@code https}
 * @param host a name or an address; IPv6 without brackets; letters, digits and {@code . - _ : %}
 * @param port from 1 to 65535
 */
public record ServiceEndpoint(String protocol, String host, int port) {
    /** The longest host, in characters, as it is in DNS. */
    public static final int HOST_LENGTH_MAX = 255;

    private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:%-]{1," + HOST_LENGTH_MAX + "}");

    /** @throws IllegalArgumentException where a part is empty or not legal or the port out of range */
    public ServiceEndpoint {
        if (!PROTOCOL.matcher(protocol).matches()) {
            throw new IllegalArgumentException(
                    "an endpoint needs a protocol, such as http: up to 32 small letters, digits, '+', '.' and '-'");
        }
        if (!HOST.matcher(host).matches()) {
            throw new IllegalArgumentException("an endpoint needs a host: up to " + HOST_LENGTH_MAX
                    + " letters, digits, '.', '-', '_', ':' and '%', an IPv6 address without brackets");
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
