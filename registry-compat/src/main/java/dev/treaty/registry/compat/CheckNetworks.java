package dev.treaty.registry.compat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * The networks to which health checks of registrations may connect. Addresses that are link-local, multicast or a
 * wildcard are never among them, since link-local addresses serve the credentials of machines in clouds. A name is
 * resolved for each check, and the check connects to the address that was examined.
 */
public final class CheckNetworks {
    /** The networks of this machine alone. */
    public static final CheckNetworks LOOPBACK = CheckNetworks.of(List.of("127.0.0.0/8", "::1/128"));

    private final List<Network> networks;

    private CheckNetworks(List<Network> networks) {
        this.networks = networks;
    }

    /** The addresses that begin with the same bits as this one. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Network(byte[] address, int bits) {
        static Network of(String text) {
            String[] parts = text.split("/", -1);
            try {
                byte[] address = InetAddress.ofLiteral(parts[0]).getAddress();
                int bits = parts.length == 1 ? address.length * Byte.SIZE : Integer.parseInt(parts[1]);
                if (parts.length <= 2 && bits >= 0 && bits <= address.length * Byte.SIZE) {
                    return new Network(address, bits);
                }
            } catch (IllegalArgumentException e) {
                // reported below
            }
            throw new IllegalArgumentException("\"" + text + "\" is not a network: write for example 10.0.0.0/8");
        }

        boolean contains(byte[] other) {
            var difference = new BigInteger(1, address).xor(new BigInteger(1, other));
            return other.length == address.length
                    && difference.shiftRight(address.length * Byte.SIZE - bits).signum() == 0;
        }
    }

    /**
     * Networks such as {@code 10.0.0.0/8} and {@code fd00::/8}; none for no checks.
     *
     * @throws IllegalArgumentException if one is invalid
     */
    public static CheckNetworks of(List<String> networks) {
        return new CheckNetworks(networks.stream().map(Network::of).toList());
    }

    /**
     * Returns the address of a host, to which a check may connect.
     *
     * @throws IllegalArgumentException if it is not in these networks, or the name is unknown
     */
    InetAddress resolve(String host) {
        InetAddress address;
        try {
            address = InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("the host " + host + " is unknown", e);
        }
        byte[] bytes = address.getAddress();
        boolean never = address.isLinkLocalAddress()
                || address.isMulticastAddress()
                || address.isAnyLocalAddress()
                || Network.of("255.255.255.255").contains(bytes);
        if (never || networks.stream().noneMatch(network -> network.contains(bytes))) {
            throw new IllegalArgumentException("checks may not connect to " + address.getHostAddress()
                    + (never
                            ? ", whose kind of address is never checked"
                            : ": the operator of this registry allows it with --check-network"));
        }
        return address;
    }
}
