package dev.treaty.http.server;

import dev.treaty.core.security.PeerIdentity;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The head of a request, of HTTP/1.1 or HTTP/2.
 *
 * @param method in upper case
 * @param target the path, encoded, and the query
 * @param headers of HTTP/1.1; the pseudo-headers of HTTP/2 are mapped to these
 * @param client the address of the client, as far as it is known
 * @param identity the identity in the certificate of the connection
 */
public record Request(
        String method, String target, HttpHeaders headers, Optional<InetAddress> client, PeerIdentity identity) {
    /** The path as it was sent, without the query. */
    public String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** The decoded path. */
    public String decodedPath() {
        return QueryStringDecoder.decodeComponent(path().replace("+", "%2B"));
    }

    /** The decoded parameters of the query, in order. */
    public Map<String, List<String>> query() {
        return new QueryStringDecoder(target).parameters();
    }
}
