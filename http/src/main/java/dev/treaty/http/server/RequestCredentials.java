package dev.treaty.http.server;

import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.http.wire.CallHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;

/** Reads the credentials of a request: a token or an API key, and the identity of the connection. */
public final class RequestCredentials {
    /** The maximum length of a token or an API key, in characters. */
    private static final int SECRET_LENGTH_MAX = 8 << 10;

    private static final String SCHEME = "Bearer ";

    private RequestCredentials() {}

    /**
     * Returns the credentials of a request.
     *
     * @param consul whether the header of Consul's tokens counts too
     * @throws RequestRejected if there are several tokens, or what is sent cannot be one
     */
    public static Credentials of(Request request, boolean consul) {
        HttpHeaders headers = request.headers();
        String secret = secret(headers);
        String token = consul ? headers.get(CallHeaders.CONSUL_TOKEN, "") : "";
        if (!token.isEmpty()) {
            if (!secret.isEmpty() && !secret.equals(token)) {
                throw new RequestRejected(Authentication.INVALID);
            }
            secret = check(token);
        }
        String claimed = CallHeaders.decodeName(headers.get(CallHeaders.CALLER, ""));
        return new Credentials(secret, request.identity(), claimed, request.client());
    }

    private static String secret(HttpHeaders headers) {
        List<String> values = headers.getAll(HttpHeaderNames.AUTHORIZATION);
        if (values.isEmpty()) {
            return "";
        }
        String value = values.getFirst();
        if (values.size() > 1 || !value.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw new RequestRejected(Authentication.INVALID);
        }
        return check(value.substring(SCHEME.length()).strip());
    }

    private static String check(String secret) {
        boolean valid = !secret.isEmpty() && secret.length() <= SECRET_LENGTH_MAX;
        for (int i = 0; valid && i < secret.length(); i++) {
            valid = secret.charAt(i) > ' ' && secret.charAt(i) <= '~';
        }
        if (!valid) {
            throw new RequestRejected(Authentication.INVALID);
        }
        return secret;
    }
}
