package dev.treaty.http;

import dev.treaty.codec.Json;
import dev.treaty.core.call.Principal;
import dev.treaty.core.text.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Handles HTTP requests of another protocol than Treaty's, below a path of an {@link HttpServer}. */
@FunctionalInterface
public interface RawHandler {
    /**
     * An HTTP request.
     *
     * @param method in upper case
     * @param path decoded, without the query
     * @param query the values of the query parameters, in order
     * @param body limited by the server
     * @param caller who has sent it; if security is off, its name is only claimed
     */
    @SuppressWarnings("ArrayRecordComponent") // passed on once and never compared
    record Request(String method, String path, Map<String, List<String>> query, byte[] body, Principal caller) {
        /** The first value of a query parameter, if it is present; empty if it has none. */
        public Optional<String> parameter(String name) {
            return Optional.ofNullable(query.get(name)).map(values -> values.isEmpty() ? "" : values.getFirst());
        }

        /** All values of a query parameter. */
        public List<String> parameters(String name) {
            return query.getOrDefault(name, List.of());
        }
    }

    /** An HTTP response. */
    @SuppressWarnings("ArrayRecordComponent") // passed on once and never compared
    record Answer(int status, String contentType, Map<String, String> headers, byte[] body) {
        /** A value as JSON. */
        public static Answer json(@Nullable Object value) {
            return new Answer(200, "application/json", Map.of(), Json.bytes(value));
        }

        /** A message as plain text, in one {@linkplain PrintableText printable} line. */
        public static Answer text(int status, String message) {
            byte[] body = (PrintableText.line(message) + "\n").getBytes(StandardCharsets.UTF_8);
            return new Answer(status, "text/plain; charset=utf-8", Map.of(), body);
        }

        /** Returns this response with another status. */
        public Answer withStatus(int changed) {
            return new Answer(changed, contentType, headers, body);
        }

        /** Returns this response with these headers. */
        public Answer withHeaders(Map<String, String> added) {
            return new Answer(status, contentType, added, body);
        }
    }

    /** Handles a request on a virtual thread; it may block. */
    Answer answer(Request request) throws InterruptedException;
}
