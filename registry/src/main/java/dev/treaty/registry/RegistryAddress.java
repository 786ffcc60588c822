package dev.treaty.registry;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The address of a registry as in a configuration. */
public sealed interface RegistryAddress {
    /** The default port of a registry. */
    int PORT = 7400;

    /** The longest address, in characters. */
    int LENGTH_MAX = 2_048;

    /** The schemes that need no other module. */
    Set<String> BUILT_IN = Set.of("file");

    /** The registry within this process. */
    RegistryAddress EMBEDDED = new Embedded();

    /** The registry within this process: {@code embedded}. */
    record Embedded() implements RegistryAddress {
        @Override
        public String toString() {
            return "embedded";
        }
    }

    /** A registry in another process: {@code treaty://host:port}. */
    record Network(String host, int port) implements RegistryAddress {
        /** An address without its scheme: a host, or an IPv6 address in brackets, and a port. */
        private static final Pattern AUTHORITY =
                Pattern.compile("(?:\\[([\\p{L}\\p{Nd}._:%-]*)]|([\\p{L}\\p{Nd}._-]*))(?::(.*))?");

        /** @throws IllegalArgumentException if there is no host or the port is out of range */
        public Network {
            new ServiceEndpoint("http", host, port); // has the same rules
        }

        private static Network parse(String authority) {
            Matcher parts = AUTHORITY.matcher(authority);
            if (!parts.matches()) {
                throw new IllegalArgumentException(
                        "\"" + Secrets.mask(authority) + "\" is no host and port; an IPv6 address must be in brackets");
            }
            String host = parts.group(1) == null ? parts.group(2) : parts.group(1);
            String port = parts.group(3);
            try {
                return new Network(host, port == null ? PORT : Integer.parseInt(port));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("the port is not a number", e);
            }
        }

        /** Returns the endpoint that the registry listens on. */
        public ServiceEndpoint endpoint() {
            return new ServiceEndpoint("http", host, port);
        }

        @Override
        public String toString() {
            return "treaty://" + endpoint().authority();
        }
    }

    /**
     * A registry that a {@link RegistryProvider} opens, such as {@code etcd://host:2379}.
     *
     * @param scheme the part before the colon, in lower case
     * @param rest the part after the colon
     */
    record Provided(String scheme, String rest) implements RegistryAddress {
        private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");

        /** @throws IllegalArgumentException if the scheme is illegal, the rest is empty or it has a user or password */
        public Provided {
            if (rest.startsWith("//") && rest.indexOf('@') >= 0) {
                throw new IllegalArgumentException(
                        "an address has no user and no password: append ?user=name&password-file=path");
            }
            if (!SCHEME.matcher(scheme).matches() || rest.isBlank() || rest.length() > LENGTH_MAX) {
                throw new IllegalArgumentException(
                        "the address of a registry is scheme:rest, at most " + LENGTH_MAX + " characters");
            }
        }

        /** Returns the part between {@code scheme://} and a question mark, without a slash at its end. */
        public String hierarchy() {
            return rest.replaceFirst("\\?.*", "").replaceFirst("^//", "").replaceFirst("/$", "");
        }

        /**
         * Returns the options after the question mark: {@code name=value}, separated by {@code &}.
         *
         * @param known the names of the supported options
         * @throws IllegalArgumentException if there is another option, or one without a value
         */
        public Map<String, String> options(Set<String> known) {
            var options = new TreeMap<String, String>();
            int question = rest.indexOf('?');
            if (question < 0) {
                return options;
            }
            for (String option : rest.substring(question + 1).split("&", -1)) {
                String[] parts = option.split("=", 2);
                if (parts.length < 2 || parts[1].isEmpty() || !known.contains(parts[0])) {
                    throw new IllegalArgumentException("\"" + scheme + ":\" has no option \"" + parts[0]
                            + "\" or it has no value: write name=value, with & between several, of "
                            + String.join(", ", new TreeSet<>(known)));
                }
                options.put(parts[0], parts[1]);
            }
            return options;
        }

        @Override
        public String toString() {
            return scheme + ":" + rest;
        }
    }

    /**
     * Several registries: {@code etcd://a:2379 + zookeeper://b:2181}, to move from one to another, and {@code
     * treaty://eu:7400 else treaty://us:7400}, for a second region.
     *
     * @param primaries registries that are read and written together
     * @param secondary registry that is only read, for services without an instance that accepts calls in the primaries
     */
    record Several(List<RegistryAddress> primaries, Optional<RegistryAddress> secondary) implements RegistryAddress {
        /** The most primary registries. */
        public static final int PRIMARIES_MAX = 4;

        /** @throws IllegalArgumentException if there are not several, or too many */
        public Several {
            primaries = List.copyOf(primaries);
            if (primaries.isEmpty() || primaries.size() > PRIMARIES_MAX) {
                throw new IllegalArgumentException("there may be up to " + PRIMARIES_MAX + " registries together");
            }
            if (primaries.size() == 1 && secondary.isEmpty()) {
                throw new IllegalArgumentException("one registry alone is not several");
            }
        }

        @Override
        public String toString() {
            return primaries.stream().map(RegistryAddress::toString).collect(Collectors.joining(" + "))
                    + secondary.map(address -> " else " + address).orElse("");
        }
    }

    /**
     * Reads {@code embedded}, {@code treaty://host} or {@code treaty://host:port}, with an IPv6 address in brackets.
     * Every other scheme is that of a {@linkplain Provided provider}; {@code +} and {@code else}, with spaces around
     * them, separate {@linkplain Several several} addresses.
     *
     * @throws IllegalArgumentException if the text is not an address
     */
    static RegistryAddress parse(String text) {
        String[] others = text.split(" else ", 2);
        Optional<RegistryAddress> secondary =
                others.length == 1 ? Optional.empty() : Optional.of(parse(others[1].strip()));
        try {
            List<RegistryAddress> primaries = Arrays.stream(others[0].split(" \\+ ", -1))
                    .map(address -> single(address.strip()))
                    .toList();
            boolean single = primaries.size() == 1 && secondary.isEmpty();
            return single ? primaries.getFirst() : new Several(primaries, secondary);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "\"" + Secrets.mask(text) + "\" is no registry (" + e.getMessage()
                            + "): write embedded, treaty://host:port such as treaty://127.0.0.1:" + PORT
                            + ", etcd://host:2379, zookeeper://host:2181, dns://name or file:path",
                    e);
        }
    }

    private static RegistryAddress single(String text) {
        if (text.equals("embedded")) {
            return EMBEDDED;
        }
        if (text.startsWith("treaty://")) {
            return Network.parse(text.substring("treaty://".length()));
        }
        String scheme = text.substring(0, Math.max(0, text.indexOf(':')));
        boolean known = RegistryProvider.ARTIFACTS.containsKey(scheme)
                || BUILT_IN.contains(scheme)
                || RegistryProvider.of(scheme).isPresent();
        if (!known) {
            throw new IllegalArgumentException("it begins with none of these");
        }
        return new Provided(scheme, text.substring(scheme.length() + 1));
    }
}
