package dev.treaty.http.server;

import dev.treaty.core.call.ResponseMetadata;
import java.util.Map;

/**
 * A whole response.
 *
 * @param headers all but those of the handler, of the framing and the date
 * @param metadata the headers and trailers of the handler
 * @param bytes begins with the body; not changed any more
 * @param length the length of the body
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once and never compared
public record Response(int status, Map<String, String> headers, ResponseMetadata metadata, byte[] bytes, int length) {
    /** The headers of a response in JSON. */
    public static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    /** A response with a whole array as its body. */
    public Response(int status, Map<String, String> headers, byte[] body) {
        this(status, headers, ResponseMetadata.NONE, body, body.length);
    }

    /** The same response with the headers and trailers of a handler. */
    Response with(ResponseMetadata changed) {
        return new Response(status, headers, changed, bytes, length);
    }
}
