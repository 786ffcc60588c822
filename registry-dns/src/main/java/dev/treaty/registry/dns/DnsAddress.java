package dev.treaty.registry.dns;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * Which names are looked up, and where.
 *
 * @param pattern the name, perhaps with {@code {service}} or {@code {name}} in it
 * @param port of the instances where DNS does not say; 0 for none
 * @param server whom to ask, not resolved: it may move; nothing for the system's own
 */
record DnsAddress(String pattern, int port, Optional<InetSocketAddress> server) {
    private static final Pattern FORM = Pattern.compile("(?<name>[^:/]+)(?::(?<port>\\d{1,5}))?");
    private static final Pattern SERVER = Pattern.compile("(?<host>.+?)(?::(?<port>\\d{1,5}))?");

    private static final int DNS = 53;

    static DnsAddress parse(RegistryAddress.Provided address) {
        Matcher match = FORM.matcher(address.hierarchy());
        if (!match.matches()) {
            throw problem(address, "");
        }
        try {
            var server = Optional.ofNullable(address.options(Set.of("server")).get("server"));
            var read = new DnsAddress(match.group("name"), port(match.group("port"), 0), server.map(DnsAddress::at));
            read.name(new ServiceName("any"));
            return read;
        } catch (IllegalArgumentException e) {
            throw problem(address, ": " + e.getMessage());
        }
    }

    private static InetSocketAddress at(String server) {
        Matcher match = SERVER.matcher(server);
        if (!match.matches()) {
            throw new IllegalArgumentException("\"" + server + "\" is no server");
        }
        String host = match.group("host").replaceAll("[\\[\\]]", "");
        return InetSocketAddress.createUnresolved(host, port(match.group("port"), DNS));
    }

    private static int port(@Nullable String digits, int otherwise) {
        int port = digits == null ? otherwise : Integer.parseInt(digits);
        if (port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is out of range");
        }
        return port;
    }

    private static IllegalArgumentException problem(RegistryAddress.Provided address, String reason) {
        return new IllegalArgumentException("\"" + address + "\" names nothing in DNS" + reason
                + ": write dns://name, dns://name:port where there are no SRV records, such as"
                + " dns://{name}.svc.local:8080, and behind it ?server=host:53 for another server than the system's");
    }

    /** The name to look up for a service. */
    Name name(ServiceName service) {
        String whole = service.value().toLowerCase(Locale.ROOT);
        String text =
                pattern.replace("{service}", whole).replace("{name}", whole.substring(whole.lastIndexOf('.') + 1));
        try {
            return Name.fromString(text, Name.root);
        } catch (TextParseException e) {
            throw new IllegalArgumentException("\"" + text + "\" is no name (" + e.getMessage() + ")", e);
        }
    }
}
