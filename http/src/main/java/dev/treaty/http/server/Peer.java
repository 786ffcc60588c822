package dev.treaty.http.server;

import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a connection comes from: a client, or a trusted proxy that states the addresses of its clients. */
final class Peer {
    private final TrustedProxies proxies;
    private final Optional<InetAddress> address;
    private final boolean trusted;

    private Peer(TrustedProxies proxies, Optional<InetAddress> address) {
        this.proxies = proxies;
        this.address = address;
        this.trusted = address.isPresent() && proxies.trusts(address.get());
    }

    static Peer of(@Nullable SocketAddress remote, TrustedProxies proxies) {
        return new Peer(
                proxies,
                remote instanceof InetSocketAddress socket
                        ? Optional.ofNullable(socket.getAddress())
                        : Optional.empty());
    }

    /** The peer that a trusted proxy states for the whole connection. */
    Peer behind(InetAddress stated) {
        return new Peer(proxies, Optional.of(stated));
    }

    /** Whether it is a trusted proxy. */
    boolean trusted() {
        return trusted;
    }

    /** The address of the client of a request; empty if the connection had ended before it was known. */
    Optional<InetAddress> client(HttpHeaders headers) {
        return trusted ? address.map(sender -> proxies.client(sender, headers)) : address;
    }
}
