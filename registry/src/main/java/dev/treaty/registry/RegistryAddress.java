package dev.treaty.registry;

import dev.treaty.core.discovery.ServiceEndpoint;
import java.util.Set;
import java.util.regex.Pattern;

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

        /** What comes after {@code scheme://}, without a slash at its end. */
        public String hierarchy() {
            String path = rest.startsWith("//") ? rest.substring(2) : rest;
            return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        }

        @Override
        public String toString() {
            return scheme + ":" + rest;
        }
    }

    /**
     * Reads {@code embedded}, {@code treaty://host} or {@code treaty://host:port}; an IPv6 address stands in brackets.
     * Every other scheme is a {@linkplain Provided provider's}.
     *
     * @throws IllegalArgumentException where the text is none of these
     */
    static RegistryAddress parse(String text) {
        if (text.equals("embedded")) {
            return EMBEDDED;
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
