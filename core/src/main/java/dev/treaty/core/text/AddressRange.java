package dev.treaty.core.text;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The IP addresses that begin with the same bits: a network, as in {@code 10.0.0.0/8} or {@code fd00::/8}, or one
 * address. An IPv4 address that is mapped to IPv6 is taken for the IPv4 address.
 *
 * @param first the first address
 * @param bits how many bits all addresses have in common
 */
public record AddressRange(InetAddress first, int bits) {
    private static final int ADDRESS_LENGTH_MAX = 45;
    private static final String NUMBER = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(NUMBER + "(?:\\." + NUMBER + "){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
    private static final Pattern BITS = Pattern.compile("0|[1-9][0-9]{0,2}");

    /** @throws IllegalArgumentException if the range does not begin with its first address */
    public AddressRange {
        byte[] address = first.getAddress();
        if (bits < 0 || bits > address.length * Byte.SIZE) {
            throw invalid(first.getHostAddress() + "/" + bits);
        }
        for (int i = bits; i < address.length * Byte.SIZE; i++) {
            if (bit(address, i) != 0) {
                throw new IllegalArgumentException(PrintableText.quote(first.getHostAddress() + "/" + bits)
                        + " is an address within a network: write the first address of the network, or no length");
            }
        }
    }

    /**
     * Reads a network or an address.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static AddressRange of(String text) {
        int slash = text.indexOf('/');
        InetAddress address =
                address(slash < 0 ? text : text.substring(0, slash)).orElseThrow(() -> invalid(text));
        String bits = slash < 0 ? "" : text.substring(slash + 1);
        if (slash >= 0 && !BITS.matcher(bits).matches()) {
            throw invalid(text);
        }
        return new AddressRange(address, slash < 0 ? address.getAddress().length * Byte.SIZE : Integer.parseInt(bits));
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException(
                PrintableText.quote(text) + " is not a network: write for example 10.0.0.0/8, fd00::/8 or 10.1.2.3");
    }

    /** Reads an address as digits; empty for names, which are not looked up, and for short or octal forms. */
    public static Optional<InetAddress> address(String text) {
        boolean possible = text.length() <= ADDRESS_LENGTH_MAX
                && (IPV4.matcher(text).matches() || IPV6.matcher(text).matches());
        try {
            return possible ? Optional.of(InetAddress.ofLiteral(text)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether an address is one of these. */
    public boolean contains(InetAddress address) {
        byte[] own = first.getAddress();
        byte[] other = address.getAddress();
        if (own.length != other.length) {
            return false;
        }
        for (int i = 0; i < bits; i++) {
            if (bit(own, i) != bit(other, i)) {
                return false;
            }
        }
        return true;
    }

    private static int bit(byte[] address, int index) {
        return address[index / Byte.SIZE] >> (Byte.SIZE - 1 - index % Byte.SIZE) & 1;
    }

    @Override
    public String toString() {
        boolean one = bits == first.getAddress().length * Byte.SIZE;
        return one ? first.getHostAddress() : first.getHostAddress() + "/" + bits;
    }

    /** Whether a host is this machine, as an address of loopback or as {@code localhost}; names are not looked up. */
    public static boolean isLoopback(String host) {
        return host.equals("localhost")
                || address(host).filter(InetAddress::isLoopbackAddress).isPresent();
    }
}
