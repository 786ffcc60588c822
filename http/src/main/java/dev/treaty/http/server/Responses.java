package dev.treaty.http.server;

import dev.treaty.codec.Json;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.http.wire.CallHeaders;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Creates responses: results, faults as Connect errors, and health pages. */
public final class Responses {
    private static final String REACHED = "Treaty-Reached";
    private static final String RETRY = "Treaty-Retry";

    /** The encoding of details in Connect. */
    private static final Base64.Encoder BASE64 = Base64.getEncoder().withoutPadding();

    private Responses() {}

    /**
     * A result.
     *
     * @param metadata the headers and trailers of the handler
     */
    public static Response result(OutputBuffer body, ResponseMetadata metadata) {
        return new Response(200, Response.JSON, metadata, body.array(), body.length());
    }

    public static Response fault(Fault fault) {
        return fault(fault.code().httpStatus(), fault, Map.of());
    }

    /**
     * A fault with a more specific HTTP status than that of its code.
     *
     * @param headers further headers
     */
    public static Response fault(int status, Fault fault, Map<String, String> headers) {
        var all = new LinkedHashMap<>(Response.JSON);
        if (!fault.reached()) {
            all.put(REACHED, CallHeaders.NO);
        }
        if (!fault.retryable()) {
            all.put(RETRY, CallHeaders.NO);
        }
        if (fault.code() == Code.UNAUTHENTICATED) {
            all.put("WWW-Authenticate", "Bearer");
        }
        fault.retryAfter().ifPresent(pause -> all.put("Retry-After", seconds(pause)));
        all.putAll(headers);
        var error = new LinkedHashMap<String, Object>();
        error.put("code", fault.code().wire());
        error.put("message", fault.message());
        if (!fault.details().isEmpty()) {
            error.put("details", fault.details().stream().map(Responses::detail).toList());
        }
        return new Response(status, all, Json.bytes(error));
    }

    private static Map<String, Object> detail(FaultDetail detail) {
        var map = new LinkedHashMap<String, Object>();
        map.put("type", detail.type());
        map.put("value", BASE64.encodeToString(detail.value()));
        return map;
    }

    /** Rejects a method that a resource does not have. */
    public static RequestRejected methodNotAllowed(String allowed, String message) {
        return new RequestRejected(405, Code.UNIMPLEMENTED, message, Map.of("Allow", allowed));
    }

    private static String seconds(Duration pause) {
        return String.valueOf(Math.max(1, pause.plusNanos(999_999_999).toSeconds()));
    }

    public static Map<String, Object> health(ServiceHealth health) {
        var map = new LinkedHashMap<String, Object>();
        map.put("status", health.status().name().toLowerCase(Locale.ROOT));
        map.put("message", health.message());
        map.put("timestamp", health.timestamp());
        map.put("details", health.details());
        return map;
    }
}
