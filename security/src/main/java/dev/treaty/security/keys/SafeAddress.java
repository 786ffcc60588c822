package dev.treaty.security.keys;

import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which addresses keys and tokens are read from: {@code https}, and {@code http} on loopback. */
public final class SafeAddress {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private SafeAddress() {}

    /**
     * Returns an address that is safe.
     *
     * @throws IllegalArgumentException if it is not
     */
    public static URI check(URI address) {
        String scheme = lowerCase(address.getScheme());
        String host = lowerCase(address.getHost());
        boolean safe = scheme.equals("https") || (scheme.equals("http") && LOOPBACK.contains(host));
        if (!safe || host.isEmpty() || address.getRawUserInfo() != null || address.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "an address of keys is https, or http on loopback, without a user and a fragment");
        }
        return address;
    }

    /** Returns whether two addresses have the same scheme, host and port. */
    static boolean sameOrigin(URI first, URI second) {
        return lowerCase(first.getScheme()).equals(lowerCase(second.getScheme()))
                && lowerCase(first.getHost()).equals(lowerCase(second.getHost()))
                && port(first) == port(second);
    }

    private static int port(URI address) {
        if (address.getPort() >= 0) {
            return address.getPort();
        }
        return lowerCase(address.getScheme()).equals("https") ? 443 : 80;
    }

    private static String lowerCase(@Nullable String text) {
        return text == null ? "" : text.toLowerCase(Locale.ROOT);
    }
}
