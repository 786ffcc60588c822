package dev.treaty.http.wire;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.CallContext;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The names of the headers that Treaty sends and reads itself, and the rules for all others. */
public final class CallHeaders {
    public static final String CALLER = "treaty-caller";
    public static final String ATTEMPT = "treaty-attempt";
    public static final String PRIORITY = "treaty-priority";
    public static final String REACHED = "treaty-reached";
    public static final String RETRY = "treaty-retry";
    public static final String TIMEOUT = "connect-timeout-ms";
    public static final String VERSION = "connect-protocol-version";
    public static final String TRACE = "traceparent";

    /**
     * The value of {@link #REACHED} if a request was rejected before it could have run, and of {@link #RETRY} if it
     * fails again at every instance.
     */
    public static final String NO = "no";

    /** The maximum number of additional headers of a call. */
    public static final int CALL_HEADERS_MAX = 64;

    private static final Pattern NAME = Pattern.compile("[a-z0-9_.-]+");
    private static final Pattern VALUE = Pattern.compile("[ -~]*");

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

    private CallHeaders() {}

    /** Returns true for a header of HTTP, of Connect or of Treaty's transport, which a call cannot set. */
    public static boolean reserved(String name) {
        return name.startsWith("connect-")
                || (name.startsWith("treaty-") && !name.equals(CallContext.MIRROR))
                || RESERVED.contains(name);
    }

    /** What is wrong with an additional header; empty if it is valid. */
    public static Optional<String> problem(String name, String value) {
        if (name.isEmpty()) {
            return Optional.of("a header has an empty name");
        }
        if (!NAME.matcher(name).matches()) {
            return Optional.of("the header name \"" + MessageReader.echo(name)
                    + "\" is not allowed: use lower-case letters, digits, '-', '_' and '.'");
        }
        if (reserved(name)) {
            return Optional.of("the header " + name + " is set by the transport");
        }
        return VALUE.matcher(value).matches()
                ? Optional.empty()
                : Optional.of("the value of header " + name + " is not allowed: use printable ASCII");
    }

    /** Encodes a name as a header value: all but letters, digits and {@code . - _ *} is percent-encoded. */
    public static String encodeName(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
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
