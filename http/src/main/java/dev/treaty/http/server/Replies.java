package dev.treaty.http.server;

import dev.treaty.codec.Json;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.http.wire.HttpHeaders;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Writes responses: results, faults as Connect errors, and health pages. */
public final class Replies {
    private static final Header JSON = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");
    private static final HeaderName REACHED = HeaderNames.create(HttpHeaders.REACHED, "Treaty-Reached");
    private static final Header NOT_REACHED = HeaderValues.createCached(REACHED, HttpHeaders.NOT_REACHED);
    private static final Header ALLOW_POST = HeaderValues.createCached(HeaderNames.ALLOW, "POST");
    private static final Header ALLOW_GET = HeaderValues.createCached(HeaderNames.ALLOW, "GET");

    private static final String ENCODING = "the content encoding is not supported: send identity";

    private Replies() {}

    public static void result(ServerResponse response, OutputBuffer body) {
        response.header(JSON);
        response.send(body.array(), 0, body.length());
    }

    public static void fault(ServerResponse response, Fault fault) {
        fault(response, Status.create(fault.code().httpStatus()), fault);
    }

    /** Writes a fault with a more specific HTTP status than that of its code. */
    public static void fault(ServerResponse response, Status status, Fault fault) {
        response.status(status);
        if (!fault.reached()) {
            response.header(NOT_REACHED);
        }
        fault.retryAfter().ifPresent(pause -> response.header(HeaderNames.RETRY_AFTER, seconds(pause)));
        json(response, error(fault.code(), fault.message()));
    }

    public static void methodNotAllowed(ServerResponse response, boolean post) {
        response.header(post ? ALLOW_POST : ALLOW_GET);
        String message = post ? "operations are called with POST" : "this page is read with GET";
        fault(response, Status.METHOD_NOT_ALLOWED_405, Fault.unreached(Code.UNIMPLEMENTED, message));
    }

    /** Rejects a HEAD request without a body, which the client would read as the next response. */
    public static void headNotAllowed(ServerResponse response) {
        response.header(NOT_REACHED);
        response.header(HeaderNames.ALLOW, "GET, POST");
        response.status(Status.METHOD_NOT_ALLOWED_405);
        response.send();
    }

    public static void json(ServerResponse response, Object value) {
        response.header(JSON);
        response.send(Json.bytes(value));
    }

    private static String seconds(Duration pause) {
        return String.valueOf(Math.max(1, pause.plusNanos(999_999_999).toSeconds()));
    }

    private static Map<String, Object> error(Code code, String message) {
        var error = new LinkedHashMap<String, Object>();
        error.put("code", code.wire());
        error.put("message", message);
        return error;
    }

    public static Map<String, Object> health(ServiceHealth health) {
        var map = new LinkedHashMap<String, Object>();
        map.put("status", health.status().name().toLowerCase(Locale.ROOT));
        map.put("message", health.message());
        map.put("timestamp", health.timestamp());
        map.put("details", health.details());
        return map;
    }

    /** The responses to requests that are rejected before a handler is called. */
    public static DirectHandlers rejections() {
        var handlers = DirectHandlers.builder();
        for (var type : DirectHandler.EventType.values()) {
            handlers.addHandler(
                    type,
                    (request, event, status, headers, _) -> request.headers().contains(HeaderNames.CONTENT_ENCODING)
                            ? rejections(Status.NOT_IMPLEMENTED_501, headers, Code.UNIMPLEMENTED, ENCODING)
                            : rejections(event, status, headers));
        }
        return handlers.build();
    }

    private static DirectHandler.TransportResponse rejections(
            DirectHandler.EventType event, Status status, ServerResponseHeaders headers) {
        Code code = codeOf(event, status);
        return rejections(status, headers, code, message(code));
    }

    private static DirectHandler.TransportResponse rejections(
            Status status, ServerResponseHeaders headers, Code code, String message) {
        var reply = DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .header(JSON)
                .keepAlive(false)
                .entity(Json.bytes(error(code, message)));
        if (code != Code.INTERNAL) {
            reply.header(NOT_REACHED);
        }
        return reply.build();
    }

    private static Code codeOf(DirectHandler.EventType event, Status status) {
        return switch (event) {
            case INTERNAL_ERROR -> Code.INTERNAL;
            case PAYLOAD_TOO_LARGE -> Code.RESOURCE_EXHAUSTED;
            default ->
                switch (status.code()) {
                    case 413, 431 -> Code.RESOURCE_EXHAUSTED;
                    case 501, 505 -> Code.UNIMPLEMENTED;
                    case 503 -> Code.UNAVAILABLE;
                    default -> status.code() < 500 ? Code.INVALID_ARGUMENT : Code.INTERNAL;
                };
        };
    }

    private static String message(Code code) {
        return switch (code) {
            case RESOURCE_EXHAUSTED -> "the request is larger than this server allows";
            case UNIMPLEMENTED -> "this server supports HTTP/1.1 with a chunked or plain body";
            case UNAVAILABLE -> "this server is overloaded";
            case INVALID_ARGUMENT -> "the request is not well-formed HTTP/1.1";
            default -> "internal error";
        };
    }
}
