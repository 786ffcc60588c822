package dev.treaty.core.discovery;

import java.util.regex.Pattern;

/**
 * The address at which an instance accepts connections.
 *
 * @param protocol {@code http} or {@code https}
 * @param host a name or an address; IPv6 without brackets; letters, digits and {@code . - _ : %}
 * @param port from 1 to 65535
 */
public record ServiceEndpoint(String protocol, String host, int port) {
    /** The maximum length of a host, in characters, as in DNS. */
    public static final int HOST_LENGTH_MAX = 255;

    private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:%-]{1," + HOST_LENGTH_MAX + "}");

    /** @throws IllegalArgumentException if a part is not valid or the port is out of range */
    public ServiceEndpoint {
        if (!PROTOCOL.matcher(protocol).matches()) {
            throw new IllegalArgumentException(
                    "an endpoint needs a protocol, such as http: up to 32 lower-case letters, digits, '+', '.' and"
                            + " '-'");
        }
        if (!HOST.matcher(host).matches()) {
            throw new IllegalArgumentException("an endpoint needs a host: up to " + HOST_LENGTH_MAX
                    + " letters, digits, '.', '-', '_', ':' and '%', an IPv6 address without brackets");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is out of range: use 1 to 65535");
        }
    }

    /** Returns {@code host:port}, with brackets around an IPv6 address. */
    public String authority() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    @Override
    public String toString() {
        return protocol + "://" + authority();
    }
}
