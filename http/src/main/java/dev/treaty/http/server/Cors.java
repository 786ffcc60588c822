package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets pages of certain origins call services (CORS).
 *
 * @see <a href="https://connectrpc.com/docs/cors/">CORS in the Connect protocol</a>
 */
final class Cors {
    /** Two hours, after which browsers ask again in any case. */
    private static final String MAX_AGE_SECONDS = "7200";

    /** All headers, since no credentials of the browser are sent. The star does not include the authorization. */
    private static final String REQUEST_HEADERS = "*, Authorization";

    private final Set<String> origins;

    Cors(Set<String> origins) {
        this.origins = origins;
    }

    /** Returns the origin of a request, if pages of it may call services; null otherwise, and without an origin. */
    @Nullable
    String origin(Request request) {
        String origin = origins.isEmpty() ? null : request.headers().get(HttpHeaderNames.ORIGIN);
        return origin != null && origins.contains(origin) ? origin : null;
    }

    /** Whether a browser asks before it sends the request itself. */
    static boolean isPreflight(Request request) {
        return request.method().equals("OPTIONS")
                && !request.target().equals("*")
                && request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
    }

    /**
     * Answers a browser that asks.
     *
     * @throws RequestRejected if pages of the origin may not call services
     */
    Response preflight(Request request) {
        if (origin(request) == null) {
            throw new RequestRejected(Code.PERMISSION_DENIED, "pages of this origin may not call services here");
        }
        var headers = new LinkedHashMap<String, String>();
        headers.put("Access-Control-Allow-Methods", "POST");
        headers.put("Access-Control-Allow-Headers", REQUEST_HEADERS);
        headers.put("Access-Control-Max-Age", MAX_AGE_SECONDS);
        return new Response(204, headers, new byte[0]);
    }

    /**
     * Returns a response that pages of an origin may read. With another origin, and without one, the response would be
     * another, which caches must know.
     *
     * @param origin null for none that may
     */
    Response readable(Response response, @Nullable String origin) {
        if (origins.isEmpty()) {
            return response;
        }
        Map<String, String> headers = new LinkedHashMap<>(response.headers());
        headers.merge("Vary", "Origin", (first, second) -> first + ", " + second);
        if (origin != null) {
            headers.put("Access-Control-Allow-Origin", origin);
            headers.put("Access-Control-Expose-Headers", "*");
        }
        return new Response(response.status(), headers, response.metadata(), response.bytes(), response.length());
    }
}
