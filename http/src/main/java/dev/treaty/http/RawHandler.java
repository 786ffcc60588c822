package dev.treaty.http;

import dev.treaty.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * Answers requests of another protocol than Treaty's own, below a path of a {@link HttpServer}: what other programs
 * expect to find there.
 */
@FunctionalInterface
public interface RawHandler {
    /**
     * A request.
     *
     * @param method in capitals
     * @param path decoded, without the query
     * @param query what comes behind the question mark; the first of several values, empty where there is none
     * @param body within the server's limit
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over once and never compared
    record Request(String method, String path, Map<String, String> query, byte[] body) {
        /** The value of a parameter, where the query has it. */
        public Optional<String> parameter(String name) {
            return Optional.ofNullable(query.get(name));
        }
    }

    /** An answer. */
    @SuppressWarnings("ArrayRecordComponent") // handed over once and never compared
    record Answer(int status, String contentType, Map<String, String> headers, byte[] body) {
        /** A value as JSON. */
        public static Answer json(Object value) {
            return new Answer(200, "application/json", Map.of(), Json.bytes(value));
        }

        /** A sentence for people. */
        public static Answer text(int status, String sentence) {
            byte[] body = (sentence + "\n").getBytes(StandardCharsets.UTF_8);
            return new Answer(status, "text/plain; charset=utf-8", Map.of(), body);
        }

        /** The same with these headers. */
        public Answer withHeaders(Map<String, String> added) {
            return new Answer(status, contentType, added, body);
        }
    }

    /** Answers on a virtual thread of the request's own; it may wait. */
    Answer answer(Request request) throws InterruptedException;
}
