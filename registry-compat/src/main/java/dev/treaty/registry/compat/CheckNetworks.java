package dev.treaty.registry.compat;

import dev.treaty.core.text.AddressRange;
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

    private static final AddressRange BROADCAST = AddressRange.of("255.255.255.255");

    private final List<AddressRange> networks;

    private CheckNetworks(List<AddressRange> networks) {
        this.networks = networks;
    }

    /**
     * Networks such as {@code 10.0.0.0/8} and {@code fd00::/8}; none for no checks.
     *
     * @throws IllegalArgumentException if one is invalid
     */
    public static CheckNetworks of(List<String> networks) {
        return new CheckNetworks(networks.stream().map(AddressRange::of).toList());
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
        boolean never = address.isLinkLocalAddress()
                || address.isMulticastAddress()
                || address.isAnyLocalAddress()
                || BROADCAST.contains(address);
        if (never || networks.stream().noneMatch(network -> network.contains(address))) {
            throw new IllegalArgumentException("checks may not connect to " + address.getHostAddress()
                    + (never
                            ? ", whose kind of address is never checked"
                            : ": the operator of this registry allows it with --check-network"));
        }
        return address;
    }
}
