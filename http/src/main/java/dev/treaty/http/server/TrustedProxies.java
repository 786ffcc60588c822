package dev.treaty.http.server;

import dev.treaty.core.text.AddressRange;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The proxies that a server believes, and what it believes them: each proxy in a row has added the address of its own
 * peer to the right, so the client is the rightmost address that is no trusted proxy. What is further left may have
 * come from the client, and is not read.
 */
final class TrustedProxies {
    private static final String FORWARDED = "forwarded";
    private static final String X_FORWARDED_FOR = "x-forwarded-for";

    /** The maximum number of proxies in a row. */
    private static final int PROXIES_MAX = 32;

    private final List<AddressRange> ranges;

    TrustedProxies(List<AddressRange> ranges) {
        this.ranges = ranges;
    }

    boolean trusts(InetAddress address) {
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the address of the client of a request that a proxy has sent. If a header states none that can be read,
     * it is the address of the last trusted proxy. If both headers are present and name different clients, it is that
     * of the sender: one of the two may have come from the client.
     *
     * @param sender a trusted proxy
     */
    InetAddress client(InetAddress sender, HttpHeaders headers) {
        List<String> forwarded = headers.getAll(FORWARDED);
        List<String> list = headers.getAll(X_FORWARDED_FOR);
        if (forwarded.isEmpty()) {
            return client(sender, list, ForwardedNode::parse);
        }
        InetAddress client = client(sender, forwarded, ForwardedNode::parseElement);
        return list.isEmpty() || client.equals(client(sender, list, ForwardedNode::parse)) ? client : sender;
    }

    /** @param lines the values of the fields of one name, in order */
    private InetAddress client(InetAddress sender, List<String> lines, Function<String, Optional<InetAddress>> parse) {
        InetAddress client = sender;
        int proxies = 1;
        for (String line : lines.reversed()) {
            for (int end = line.length(), comma; end >= 0; end = comma) {
                comma = ForwardedNode.commaBefore(line, end);
                String element = line.substring(comma + 1, end).strip();
                if (element.isEmpty()) {
                    continue;
                }
                Optional<InetAddress> previous = parse.apply(element);
                if (previous.isEmpty()) {
                    return client;
                }
                client = previous.get();
                if (!trusts(client) || ++proxies > PROXIES_MAX) {
                    return client;
                }
            }
        }
        return client;
    }
}
