package dev.treaty.http.wire;

import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ResponseMetadata;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/** The names of the headers that Treaty sends and reads itself, and how it sends those of code. */
public final class CallHeaders {
    public static final String CALLER = "treaty-caller";
    public static final String ATTEMPT = "treaty-attempt";
    public static final String PRIORITY = "treaty-priority";
    public static final String MIRROR = "treaty-mirror";
    public static final String REACHED = "treaty-reached";
    public static final String RETRY = "treaty-retry";
    public static final String TIMEOUT = "connect-timeout-ms";
    public static final String VERSION = "connect-protocol-version";
    public static final String TRACE = "traceparent";
    public static final String CONSUL_TOKEN = "x-consul-token";

    /**
     * The value of {@link #REACHED} if a request was rejected before it could have run, and of {@link #RETRY} if it
     * fails again at every instance.
     */
    public static final String NO = "no";

    private CallHeaders() {}

    /** Passes on what is sent for the metadata of a response: headers, and trailers as headers with a prefix. */
    public static void each(ResponseMetadata metadata, BiConsumer<String, String> send) {
        Headers headers = metadata.headers();
        for (int i = 0; i < headers.size(); i++) {
            send.accept(headers.name(i), headers.value(i));
        }
        Headers trailers = metadata.trailers();
        for (int i = 0; i < trailers.size(); i++) {
            send.accept(Headers.TRAILER + trailers.name(i), trailers.value(i));
        }
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
