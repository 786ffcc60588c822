package dev.treaty.core.discovery;

import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Range;
import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * The address at which an instance accepts connections.
 *
 * @param protocol {@code http}, or the protocol of a service that does not use Treaty, such as {@code grpc} or
 *     {@code tcp}
 * @param host a name, or an address of one machine; IPv6 without brackets
 * @param port from 1 to 65535
 */
public record ServiceEndpoint(String protocol, String host, int port) {
    /** The maximum length of a host, in characters, as in DNS. */
    public static final int HOST_LENGTH_MAX = 255;

    private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");

    /** A name in DNS; underscores are frequent in names of containers. */
    private static final Pattern NAME =
            Pattern.compile("(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\\.(?!$)|\\.?$))+");

    /** What programs take for an IPv4 address, in any of its notations, by its last part. */
    private static final Pattern NUMERIC = Pattern.compile("(?:.*\\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\\.?");

    private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("(?:" + BYTE + "\\.){3}" + BYTE);
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:]*(?:[0-9.]+)?(?:%[A-Za-z0-9._-]+)?");

    /** @throws IllegalArgumentException if a part is not valid; the message says what to write */
    public ServiceEndpoint {
        if (!PROTOCOL.matcher(protocol).matches()) {
            throw new IllegalArgumentException(
                    "an endpoint needs a protocol, such as http: up to 32 lower-case letters, digits, '+', '.' and"
                            + " '-'");
        }
        checkHost(host);
        Range.check("port", port, 1, 65_535);
    }

    private static void checkHost(String host) {
        if (host.isEmpty() || host.length() > HOST_LENGTH_MAX) {
            throw new IllegalArgumentException("an endpoint needs a host of up to " + HOST_LENGTH_MAX + " characters");
        }
        if (host.indexOf(':') >= 0) {
            checkAddress(
                    host,
                    IPV6,
                    "an IPv6 address has up to eight groups of hexadecimal digits, as in 2001:db8::1,"
                            + " without brackets; a port is written separately");
        } else if (NUMERIC.matcher(host).matches()) {
            checkAddress(host, IPV4, "an IPv4 address has four numbers from 0 to 255, as in 10.1.2.3");
        } else if (!NAME.matcher(host).matches()) {
            throw invalidHost(host, "a name has letters, digits, '-' and '_' in parts that '.' separates");
        }
    }

    private static void checkAddress(String host, Pattern pattern, String rule) {
        InetAddress address;
        try {
            if (!pattern.matcher(host).matches()) {
                throw invalidHost(host, rule);
            }
            address = InetAddress.ofLiteral(host.replaceFirst("%.*", ""));
        } catch (IllegalArgumentException e) {
            throw invalidHost(host, rule);
        }
        if (address.isAnyLocalAddress() || address.isMulticastAddress() || host.equals("255.255.255.255")) {
            throw invalidHost(
                    host,
                    "it is not the address of one machine: write the address or name at which clients reach it, such as"
                            + " 10.1.2.3, or 127.0.0.1 on the same machine");
        }
    }

    private static IllegalArgumentException invalidHost(String host, String rule) {
        return new IllegalArgumentException("the host " + PrintableText.line(host) + " cannot be used: " + rule);
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
