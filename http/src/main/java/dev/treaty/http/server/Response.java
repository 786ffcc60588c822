package dev.treaty.http.server;

import java.util.Map;

/**
 * A whole response.
 *
 * @param headers all but those of the framing and the date
 * @param bytes begins with the body; not changed any more
 * @param length the length of the body
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once and never compared
public record Response(int status, Map<String, String> headers, byte[] bytes, int length) {
    /** The headers of a response in JSON. */
    public static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    /** A response with a whole array as its body. */
    public Response(int status, Map<String, String> headers, byte[] body) {
        this(status, headers, body, body.length);
    }
}
