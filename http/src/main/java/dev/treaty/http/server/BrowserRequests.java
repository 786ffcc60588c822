package dev.treaty.http.server;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.Code;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Rejects requests that a page in a browser has sent to a server on loopback: from another origin, or for a name that
 * resolves to loopback only to deceive the browser (DNS rebinding). Such a name has a dot, and belongs to a domain that
 * can be registered; addresses and names of machines are accepted.
 */
public final class BrowserRequests {
    private static final Pattern PORT = Pattern.compile(":\\d+$");
    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.%]+]|[0-9.]+");
    private static final Pattern LOCAL_NAME = Pattern.compile("[^.]*|.*\\.(?:localhost|internal|local|test)");

    private final boolean loopback;
    private final String host;

    /** @param host the host that the server listens on */
    public BrowserRequests(String host) {
        this.host = host.toLowerCase(Locale.ROOT);
        boolean local;
        try {
            local = InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            local = false;
        }
        this.loopback = local;
    }

    /** Rejects a request that a page may have sent to something that only operators and other processes use. */
    public void check(HttpHeaders headers) {
        if (!loopback) {
            return;
        }
        String authority = headers.get(HttpHeaderNames.HOST, "").toLowerCase(Locale.ROOT);
        String name = PORT.matcher(authority).replaceFirst("");
        if (!ADDRESS.matcher(name).matches() && !LOCAL_NAME.matcher(name).matches() && !name.equals(host)) {
            throw rejected("the host \"" + MessageReader.echo(name)
                    + "\" is not this server, which listens on loopback: use localhost or " + host);
        }
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        if (origin != null
                && !origin.toLowerCase(Locale.ROOT)
                        .replaceFirst("^https?://", "")
                        .equals(authority)) {
            throw rejected("a page of the origin \"" + MessageReader.echo(origin) + "\" cannot use this");
        }
    }

    private static RequestRejected rejected(String message) {
        return new RequestRejected(Code.PERMISSION_DENIED, message);
    }
}
