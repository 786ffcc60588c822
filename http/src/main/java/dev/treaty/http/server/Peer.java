package dev.treaty.http.server;

import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where a connection comes from: a client, or a trusted proxy that states the addresses of its clients. */
final class Peer {
    private final Supplier<TrustedProxies> proxies;
    private final Optional<InetAddress> address;

    private Peer(Supplier<TrustedProxies> proxies, Optional<InetAddress> address) {
        this.proxies = proxies;
        this.address = address;
    }

    /** @param proxies returns those that are trusted at present */
    static Peer of(@Nullable SocketAddress remote, Supplier<TrustedProxies> proxies) {
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
        return address.isPresent() && proxies.get().trusts(address.get());
    }

    /** The address of the client of a request; empty if the connection had ended before it was known. */
    Optional<InetAddress> client(HttpHeaders headers) {
        TrustedProxies now = proxies.get();
        return address.map(sender -> now.trusts(sender) ? now.client(sender, headers) : sender);
    }
}
