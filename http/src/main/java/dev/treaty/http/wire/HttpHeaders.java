package dev.treaty.http.wire;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.CallContext;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/** The names of the headers that Treaty sends and reads itself, and the rules for all others. */
public final class HttpHeaders {
    public static final String CALLER = "treaty-caller";
    public static final String ATTEMPT = "treaty-attempt";
    public static final String PRIORITY = "treaty-priority";
    public static final String REACHED = "treaty-reached";
    public static final String TIMEOUT = "connect-timeout-ms";
    public static final String VERSION = "connect-protocol-version";
    public static final String TRACE = "traceparent";

    /** The value of {@link #REACHED} if a request was rejected before it could have run. */
    public static final String NOT_REACHED = "no";

    /** The maximum number of additional headers of a call. */
    public static final int CALL_HEADERS_MAX = 64;

    private static final Set<String> RESERVED = Set.of(
            "host",
            "content-length",
            "content-type",
            "content-encoding",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "upgrade",
            "expect",
            "accept-encoding",
            TRACE);

    private HttpHeaders() {}

    /** Returns true for a header of HTTP, of Connect or of Treaty's transport, which a call cannot set. */
    public static boolean reserved(String name) {
        return name.startsWith("connect-")
                || (name.startsWith("treaty-") && !name.equals(CallContext.MIRROR))
                || RESERVED.contains(name);
    }

    /** What is wrong with an additional header; empty if it is valid. */
    public static Optional<String> problem(String name, String value) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) {
                return Optional.of("the header name \"" + MessageReader.echo(name)
                        + "\" is not allowed: use lower-case letters, digits, '-', '_' and '.'");
            }
        }
        if (name.isEmpty()) {
            return Optional.of("a header has an empty name");
        }
        if (reserved(name)) {
            return Optional.of("the header " + name + " is set by the transport");
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                return Optional.of("the value of header " + name + " is not allowed: use printable ASCII");
            }
        }
        return Optional.empty();
    }

    /** Encodes a name as a header value: characters other than printable ASCII are percent-encoded. */
    public static String encodeName(String name) {
        boolean plain = true;
        for (int i = 0; i < name.length() && plain; i++) {
            char c = name.charAt(i);
            plain = c > ' ' && c <= '~' && c != '%';
        }
        if (plain) {
            return name;
        }
        var text = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (b > ' ' && b <= '~' && b != '%') {
                text.append((char) b);
            } else {
                text.append('%').append("%02X".formatted(b));
            }
        }
        return text.toString();
    }

    /** Decodes the result of {@link #encodeName}; other text is returned unchanged. */
    public static String decodeName(String value) {
        if (value.indexOf('%') < 0) {
            return value;
        }
        try {
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return value;
        }
    }
}
