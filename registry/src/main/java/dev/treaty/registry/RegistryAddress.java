package dev.treaty.registry;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Which registry to use, as it is written in a configuration. */
public sealed interface RegistryAddress {
    /** The port of a registry where the address names none. */
    int PORT = 7400;

    /** The longest address, in characters. */
    int LENGTH_MAX = 2_048;

    /** A registry within the process: {@code embedded}. */
    record Embedded() implements RegistryAddress {
        @Override
        public String toString() {
            return "embedded";
        }
    }

    /** The schemes that need no module of their own. */
    Set<String> BUILT_IN = Set.of("file");

    /** The one inside this process. */
    RegistryAddress EMBEDDED = new Embedded();

    /** A registry in another process: {@code treaty://host:port}. */
    record Network(String host, int port) implements RegistryAddress {
        /** @throws IllegalArgumentException where there is no host or the port is out of range */
        public Network {
            new ServiceEndpoint("http", host, port); // the same rules
        }

        /** Where that registry listens. */
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
     * @param scheme what comes before the colon, in small letters
     * @param rest what comes after it
     */
    record Provided(String scheme, String rest) implements RegistryAddress {
        private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");

        /** @throws IllegalArgumentException where the scheme is none or the rest is empty */
        public Provided {
            if (!SCHEME.matcher(scheme).matches() || rest.isBlank() || rest.length() > LENGTH_MAX) {
                throw new IllegalArgumentException(
                        "a registry's address is scheme:rest, at most " + LENGTH_MAX + " characters");
            }
        }

        /** What comes after {@code scheme://} and before a question mark, without a slash at its end. */
        public String hierarchy() {
            int question = rest.indexOf('?');
            String path = question < 0 ? rest : rest.substring(0, question);
            path = path.startsWith("//") ? path.substring(2) : path;
            return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        }

        /**
         * What comes after the question mark: {@code name=value}, with {@code &} between several.
         *
         * @param known the names that there are
         * @throws IllegalArgumentException where there is another, or one without a value
         */
        public Map<String, String> options(Set<String> known) {
            var options = new TreeMap<String, String>();
            int question = rest.indexOf('?');
            if (question < 0) {
                return options;
            }
            for (String option : rest.substring(question + 1).split("&", -1)) {
                int equals = option.indexOf('=');
                String name = equals < 0 ? option : option.substring(0, equals);
                if (!known.contains(name) || equals < 0 || equals == option.length() - 1) {
                    throw new IllegalArgumentException("\"" + scheme + ":\" has no option \"" + name
                            + "\" or it has no value: write name=value, with & between several, of "
                            + String.join(", ", new TreeSet<>(known)));
                }
                options.put(name, option.substring(equals + 1));
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
     * @param together read and written alike
     * @param otherwise only read, and only for services of which none of those takes calls
     */
    record Several(List<RegistryAddress> together, Optional<RegistryAddress> otherwise) implements RegistryAddress {
        /** The most registries that are together. */
        public static final int TOGETHER_MAX = 4;

        /** @throws IllegalArgumentException where there are not several, or too many */
        public Several {
            together = List.copyOf(together);
            if (together.isEmpty() || together.size() > TOGETHER_MAX) {
                throw new IllegalArgumentException("there may be up to " + TOGETHER_MAX + " registries together");
            }
            if (together.size() == 1 && otherwise.isEmpty()) {
                throw new IllegalArgumentException("one registry alone is not several");
            }
        }

        @Override
        public String toString() {
            String first = together.stream().map(RegistryAddress::toString).collect(Collectors.joining(" + "));
            return first + otherwise.map(then -> " else " + then).orElse("");
        }
    }

    /**
     * Reads {@code embedded}, {@code treaty://host} or {@code treaty://host:port}; an IPv6 address stands in brackets.
     * Every other scheme is a {@linkplain Provided provider's}; {@code +} and {@code else}, with spaces around them,
     * stand between {@linkplain Several several}.
     *
     * @throws IllegalArgumentException where the text is none of these
     */
    static RegistryAddress parse(String text) {
        if (text.equals("embedded")) {
            return EMBEDDED;
        }
        int otherwise = text.indexOf(" else ");
        if (otherwise >= 0 || text.contains(" + ")) {
            return several(text, otherwise);
        }
        String scheme = "treaty://";
        if (!text.startsWith(scheme)) {
            return provided(text);
        }
        String authority = text.substring(scheme.length());
        int bracket = authority.lastIndexOf(']');
        int colon = authority.indexOf(':', bracket + 1);
        String host = colon < 0 ? authority : authority.substring(0, colon);
        if (bracket >= 0) {
            if (!host.startsWith("[") || !host.endsWith("]")) {
                throw problem(text, "an IPv6 address stands in brackets, alone");
            }
            host = host.substring(1, host.length() - 1);
        }
        if (!host.chars()
                .allMatch(c -> Character.isLetterOrDigit(c)
                        || ".-_".indexOf(c) >= 0
                        || (bracket >= 0 && ":%".indexOf(c) >= 0))) {
            throw problem(text, "\"" + host + "\" is no host");
        }
        try {
            return new Network(host, colon < 0 ? PORT : Integer.parseInt(authority.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw problem(text, "\"" + authority.substring(colon + 1) + "\" is no port");
        } catch (IllegalArgumentException e) {
            throw problem(text, String.valueOf(e.getMessage()));
        }
    }

    private static RegistryAddress several(String text, int otherwise) {
        String first = otherwise < 0 ? text : text.substring(0, otherwise);
        List<RegistryAddress> together = Arrays.stream(first.split(" \\+ ", -1))
                .map(each -> parse(each.strip()))
                .toList();
        Optional<RegistryAddress> then = otherwise < 0
                ? Optional.empty()
                : Optional.of(parse(text.substring(otherwise + 6).strip()));
        try {
            return then.isEmpty() && together.size() == 1 ? together.getFirst() : new Several(together, then);
        } catch (IllegalArgumentException e) {
            throw problem(text, String.valueOf(e.getMessage()));
        }
    }

    private static RegistryAddress provided(String text) {
        int colon = text.indexOf(':');
        String scheme = colon < 0 ? "" : text.substring(0, colon);
        boolean known = RegistryProvider.ARTIFACTS.containsKey(scheme)
                || BUILT_IN.contains(scheme)
                || RegistryProvider.of(scheme).isPresent();
        if (!known) {
            throw problem(text, "it begins with none of these");
        }
        try {
            return new Provided(scheme, text.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            throw problem(text, String.valueOf(e.getMessage()));
        }
    }

    private static IllegalArgumentException problem(String text, String reason) {
        return new IllegalArgumentException("\"" + text + "\" is no registry (" + reason
                + "): write embedded, treaty://host:port such as treaty://127.0.0.1:" + PORT
                + ", etcd://host:2379, zookeeper://host:2181, dns://name or file:path");
    }
}
