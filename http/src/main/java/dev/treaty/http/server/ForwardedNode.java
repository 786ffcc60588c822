package dev.treaty.http.server;

import dev.treaty.core.text.AddressRange;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses what a proxy states of its peer, in the headers {@code Forwarded} and {@code X-Forwarded-For}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7239">RFC 7239</a>
 */
final class ForwardedNode {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]++";
    private static final Pattern PAIR =
            Pattern.compile("(?<name>" + TOKEN + ")=(?:(?<token>" + TOKEN + ")|\"(?<quoted>[^\"\\\\]*+)\")");
    private static final Pattern SEPARATOR = Pattern.compile("[ \t]*+;[ \t]*+");
    private static final Pattern PORT = Pattern.compile(":(?:[0-9]{1,5}|_[0-9A-Za-z._-]+)");

    private ForwardedNode() {}

    /**
     * Returns the index of the last comma before an index, or -1. It is searched from the right, like the whole header,
     * so that a quote that a client has not closed does not hide what a proxy has added behind it.
     */
    static int commaBefore(String line, int end) {
        boolean quoted = false;
        for (int i = end - 1; i >= 0; i--) {
            char c = line.charAt(i);
            quoted ^= c == '"';
            if (c == ',' && !quoted) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the address in an element of {@code Forwarded}; empty if it is hidden, unknown or malformed. */
    static Optional<InetAddress> parseElement(String element) {
        Matcher pair = PAIR.matcher(element);
        Matcher separator = SEPARATOR.matcher(element);
        String node = null;
        for (int at = 0; ; ) {
            pair.region(at, element.length());
            if (!pair.lookingAt()) {
                return Optional.empty();
            }
            if (pair.group("name").equalsIgnoreCase("for")) {
                if (node != null) {
                    return Optional.empty();
                }
                node = pair.group("token") == null ? pair.group("quoted") : pair.group("token");
            }
            if (pair.end() == element.length()) {
                return node == null ? Optional.empty() : parse(node);
            }
            separator.region(pair.end(), element.length());
            if (!separator.lookingAt()) {
                return Optional.empty();
            }
            at = separator.end();
        }
    }

    /** Returns the address of a node, which may have a port; empty if it is hidden, unknown or malformed. */
    static Optional<InetAddress> parse(String node) {
        int end = node.length();
        if (node.startsWith("[")) {
            end = node.indexOf(']') + 1;
            String inside = node.substring(1, Math.max(1, end - 1));
            return inside.indexOf(':') >= 0 && isPort(node.substring(end))
                    ? AddressRange.address(inside)
                    : Optional.empty();
        }
        int colon = node.indexOf(':');
        if (colon >= 0 && colon == node.lastIndexOf(':')) { // an IPv6 address has more of them
            end = colon;
        }
        return isPort(node.substring(end)) ? AddressRange.address(node.substring(0, end)) : Optional.empty();
    }

    private static boolean isPort(String text) {
        return text.isEmpty() || PORT.matcher(text).matches();
    }
}
