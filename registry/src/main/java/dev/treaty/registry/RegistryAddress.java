package dev.treaty.registry;

import dev.treaty.core.discovery.ServiceEndpoint;

/** Which registry to use, as it is written in a configuration. */
public sealed interface RegistryAddress {
    /** The port of a registry where the address names none. */
    int PORT = 7400;

    /** A registry within the process: {@code embedded}. */
    record Embedded() implements RegistryAddress {
        @Override
        public String toString() {
            return "embedded";
        }
    }

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
     * Reads {@code embedded}, {@code treaty://host} or {@code treaty://host:port}; an IPv6 address stands in brackets.
     *
     * @throws IllegalArgumentException where the text is none of these
     */
    static RegistryAddress parse(String text) {
        if (text.equals("embedded")) {
            return EMBEDDED;
        }
        String scheme = "treaty://";
        if (!text.startsWith(scheme)) {
            throw problem(text, "it begins with neither");
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

    private static IllegalArgumentException problem(String text, String reason) {
        return new IllegalArgumentException("\"" + text + "\" is no registry (" + reason
                + "): write embedded, or treaty://host:port such as treaty://127.0.0.1:" + PORT);
    }
}
