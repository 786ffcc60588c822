package dev.treaty.config;

import java.util.regex.Pattern;

/** Which registry a process uses. */
public sealed interface RegistryAddress {
    /** One inside this process, which no other process sees. */
    record Embedded() implements RegistryAddress {
        @Override
        public String toString() {
            return "embedded";
        }
    }

    /**
     * One that other processes share.
     *
     * @param host a name or an address; IPv6 in brackets
     * @param port from 1 to 65535
     */
    record Remote(String host, int port) implements RegistryAddress {
        private static final Pattern HOST = Pattern.compile("\\[[0-9A-Fa-f:.%]+]|[A-Za-z0-9._-]+");

        /** @throws IllegalArgumentException where the host is not one, or the port out of range */
        public Remote {
            if (!HOST.matcher(host).matches()) {
                throw new IllegalArgumentException("the registry's host " + Words.quote(host) + " is not a host name");
            }
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("the registry's port " + port + " is out of range: use 1 to 65535");
            }
        }

        @Override
        public String toString() {
            return "treaty://" + host + ":" + port;
        }
    }

    /** The one inside this process. */
    RegistryAddress EMBEDDED = new Embedded();

    /**
     * Reads {@code embedded} or {@code treaty://host:port}.
     *
     * @throws IllegalArgumentException where the text is neither
     */
    static RegistryAddress parse(String text) {
        if (text.equals("embedded")) {
            return EMBEDDED;
        }
        int colon = text.lastIndexOf(':');
        String scheme = "treaty://";
        if (!text.startsWith(scheme)
                || colon < scheme.length()
                || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw new IllegalArgumentException(
                    Words.quote(text) + " is not a registry; write embedded or treaty://host:port");
        }
        return new Remote(text.substring(scheme.length(), colon), Integer.parseInt(text.substring(colon + 1)));
    }

    /** The address as it is written in a configuration. */
    @Override
    String toString();
}
