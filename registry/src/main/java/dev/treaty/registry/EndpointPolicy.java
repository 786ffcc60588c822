package dev.treaty.registry;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.AddressRange;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which hosts instances may have in a registry. Clients and health checks connect to what is registered there, so that
 * an instance with the address of something else would have them send requests to it: to the metadata service of a
 * cloud, for example, or to a process on the reader's own machine.
 *
 * <p>Refused are link-local addresses, such as 169.254.169.254, the other addresses of metadata services, multicast
 * addresses, unspecified ones, and loopback addresses unless the registrant is on the machine of the registry; in every
 * spelling of them, such as {@code ::ffff:169.254.169.254}, {@code 0xa9fea9fe} or {@code 2852039166}. Names of hosts
 * are not looked up, except that {@code localhost} is a loopback address: what a name stands for may change at any
 * time, and it is the network that keeps clients from addresses which they must not reach.
 *
 * @param allowed addresses and networks that instances may have although they are refused otherwise
 * @param denied further addresses and networks that no instance may have; they are stronger than those allowed
 */
public record EndpointPolicy(
        @Description("Addresses that instances may have although they would be refused.")
        @Accepted("addresses and networks, such as `[169.254.10.0/24]`")
        List<AddressRange> allowed,

        @Description("Further addresses that no instance may have.")
        @Accepted("addresses and networks, such as `[10.0.0.0/24]`")
        List<AddressRange> denied) {
    /** What is refused without settings. */
    public static final EndpointPolicy DEFAULT = new EndpointPolicy(List.of(), List.of());

    /** Addresses of metadata services that are not link-local: of AWS in IPv6, of Alibaba Cloud, of Azure's host. */
    private static final List<AddressRange> METADATA = List.of(
            AddressRange.of("fd00:ec2::/32"), AddressRange.of("100.100.100.200"), AddressRange.of("168.63.129.16"));

    /** Names of metadata services. */
    private static final Pattern METADATA_NAME =
            Pattern.compile("(?:.+\\.)?metadata(?:\\.goog|\\.google\\.internal)?|instance-data(?:\\..+)?");

    private static final Pattern LOCALHOST =
            Pattern.compile("(?:.+\\.)?localhost|localhost\\.localdomain|ip6-(?:localhost|loopback)");

    /** What may be an IPv4 address of one to four numbers in any base, as many resolvers accept it. */
    private static final Pattern NUMBERS = Pattern.compile("(?:0x[0-9a-f]*|[0-9]+)(?:\\.(?:0x[0-9a-f]*|[0-9]+)){0,3}");

    /** Copies the lists. */
    public EndpointPolicy {
        allowed = List.copyOf(allowed);
        denied = List.copyOf(denied);
    }

    /**
     * Returns why an instance may not have a host; empty if it may.
     *
     * @param host an address or a name
     * @param onThisMachine whether the registrant is on the machine of the registry
     */
    public Optional<String> refuses(String host, boolean onThisMachine) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
        }
        int zone = name.indexOf('%');
        name = zone < 0 ? name : name.substring(0, zone);
        while (name.endsWith(".")) {
            name = name.substring(0, name.length() - 1);
        }
        Optional<InetAddress> address = AddressRange.address(name).map(EndpointPolicy::unwrapped);
        if (address.isPresent()) {
            return refuses(address.get(), onThisMachine);
        }
        if (name.isEmpty() || name.indexOf(':') >= 0 || NUMBERS.matcher(name).matches()) {
            return Optional.of("it is neither a name nor an address in its usual form");
        }
        if (METADATA_NAME.matcher(name).matches()) {
            return Optional.of("it is the name of a metadata service");
        }
        return LOCALHOST.matcher(name).matches() && !onThisMachine ? Optional.of(LOOPBACK) : Optional.empty();
    }

    private static final String LOOPBACK =
            "it is a loopback address, which clients on other machines would connect to on their own";

    private Optional<String> refuses(InetAddress address, boolean onThisMachine) {
        if (denied.stream().anyMatch(range -> range.contains(address))) {
            return Optional.of("security.endpoints.denied has it");
        }
        if (allowed.stream().anyMatch(range -> range.contains(address))) {
            return Optional.empty();
        }
        byte[] bytes = address.getAddress();
        if (address.isAnyLocalAddress() || (bytes.length == 4 && bytes[0] == 0)) {
            return Optional.of("it is an unspecified address");
        }
        if (METADATA.stream().anyMatch(range -> range.contains(address))) {
            return Optional.of("it is the address of a metadata service");
        }
        if (address.isLinkLocalAddress()) {
            return Optional.of("it is a link-local address");
        }
        if (address.isMulticastAddress() || (bytes.length == 4 && (bytes[0] & 0xf0) == 0xf0)) {
            return Optional.of("it is a multicast or reserved address");
        }
        return address.isLoopbackAddress() && !onThisMachine ? Optional.of(LOOPBACK) : Optional.empty();
    }

    /** Returns the IPv4 address within an IPv6 address of a translation: mapped, compatible, NAT64, 6to4. */
    private static InetAddress unwrapped(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != 16) {
            return address;
        }
        int at = isZero(bytes, 0, 12) && !isZero(bytes, 12, 15)
                ? 12
                : AddressRange.of("64:ff9b::/96").contains(address)
                        ? 12
                        : bytes[0] == 0x20 && bytes[1] == 0x02 ? 2 : -1;
        if (at < 0) {
            return address;
        }
        try {
            return InetAddress.getByAddress(new byte[] {bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // four bytes are always an address
        }
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
