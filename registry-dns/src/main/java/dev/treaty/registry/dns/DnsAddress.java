package dev.treaty.registry.dns;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * The names to look up, and the DNS server.
 *
 * @param pattern the name, which may contain {@code {service}} or {@code {name}}
 * @param port the port of instances without SRV records; 0 for none
 * @param server the DNS server, not resolved because its address may change; empty for that of the system
 */
record DnsAddress(String pattern, int port, Optional<InetSocketAddress> server) {
    private static final Pattern HOST_AND_PORT = Pattern.compile("(?<host>.+?)(?::(?<port>\\d{1,5}))?");
    private static final int DNS_PORT = 53;

    static DnsAddress parse(RegistryAddress.Provided address) {
        try {
            var name = hostAndPort(address.hierarchy(), 0);
            if (name.getHostString().matches(".*[:/].*")) {
                throw new IllegalArgumentException("\"" + name.getHostString() + "\" is not a name");
            }
            String server = address.options(Set.of("server")).get("server");
            var parsed = new DnsAddress(
                    name.getHostString(),
                    name.getPort(),
                    Optional.ofNullable(server).map(text -> hostAndPort(text, DNS_PORT)));
            parsed.name(new ServiceName("any")); // checks the pattern
            return parsed;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "\"" + Secrets.mask(address.toString()) + "\" is not a valid address: " + e.getMessage()
                            + "; write dns://name, dns://name:port if there are no SRV records, such as"
                            + " dns://{name}.svc.local:8080, and append ?server=host:53 for another DNS server",
                    e);
        }
    }

    private static InetSocketAddress hostAndPort(String text, int defaultPort) {
        Matcher match = HOST_AND_PORT.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException("the name is empty");
        }
        String port = match.group("port");
        return InetSocketAddress.createUnresolved(
                match.group("host").replaceAll("[\\[\\]]", ""), port == null ? defaultPort : Integer.parseInt(port));
    }

    /** Returns the name to look up for a service. */
    Name name(ServiceName service) {
        String whole = service.value().toLowerCase(Locale.ROOT);
        String text =
                pattern.replace("{service}", whole).replace("{name}", whole.substring(whole.lastIndexOf('.') + 1));
        try {
            return Name.fromString(text, Name.root);
        } catch (TextParseException e) {
            throw new IllegalArgumentException("\"" + text + "\" is not a name (" + e.getMessage() + ")", e);
        }
    }
}
