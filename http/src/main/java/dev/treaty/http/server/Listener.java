package dev.treaty.http.server;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.wire.EventLoopThreads;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** Listens on a port, and gives each connection the handlers of the protocol that its client speaks. */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the channel
public final class Listener {
    /** How many connections beyond the limit are answered before they are closed; others are closed at once. */
    private static final int REJECTING_MAX = 1_000;

    private static final String[] APPLICATION_PROTOCOLS = {"h2", "http/1.1"};

    /** How long a connection that closes waits until its last record is sent, at most. */
    private static final Duration LAST_RECORD = Duration.ofSeconds(1);

    private static final int BACKLOG = 1_024;

    private static final int READ_BYTES_MIN = 64;
    private static final int READ_BYTES_FIRST = 2 << 10;
    private static final int READ_BYTES_MAX = 16 << 10;

    /** The pause of Netty after a connection could not be accepted. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Half of the processors may compute handshakes, so that a flood of them leaves time for calls. */
    private static final Semaphore HANDSHAKES =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);

    private final ServerParts parts;
    private final RandomGenerator random;
    private final MultiThreadIoEventLoopGroup loops;
    private final Class<? extends ServerChannel> type;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger count = new AtomicInteger();
    private volatile boolean accepting = true;
    private volatile long failedNanos;
    private @Nullable Channel channel;

    /** @param tls null if connections are not encrypted */
    public Listener(
            HttpServerOptions options,
            @Nullable TransportSecurity tls,
            Application application,
            Time time,
            RandomGenerator random) {
        this.parts = new ServerParts(
                options,
                tls,
                new AtomicReference<>(ServerParts.Rules.of(options)),
                application,
                new BodyBudget(options.bodiesBytesMax()),
                new PendingChecks(),
                new HttpDate(time),
                time);
        this.random = random;
        boolean epoll = nativeAccess() && Epoll.isAvailable();
        this.type = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        this.loops = new MultiThreadIoEventLoopGroup(
                Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
                EventLoopThreads.named("treaty-http"),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    /**
     * Starts to listen, and returns the port.
     *
     * @throws UncheckedIOException if it cannot
     */
    public int listen() {
        HttpServerOptions options = parts.options();
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new Connections())
                .bind(options.host(), options.port())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            close();
            String where = options.host() + ":" + options.port();
            Throwable cause = bound.cause();
            throw new UncheckedIOException(
                    new IOException("cannot listen at " + where + ": " + cause.getMessage(), cause));
        }
        channel = bound.channel();
        bound.channel().pipeline().addLast(new AcceptFailures());
        return ((InetSocketAddress) bound.channel().localAddress()).getPort();
    }

    /** Lets a connection with many bytes delay the others of its thread by one small read at a time. */
    private static RecvByteBufAllocator reads() {
        return new AdaptiveRecvByteBufAllocator(READ_BYTES_MIN, READ_BYTES_FIRST, READ_BYTES_MAX).maxMessagesPerRead(1);
    }

    /** Whether Netty's native code can be loaded without a warning of the JVM on standard error. */
    private static boolean nativeAccess() {
        return Stream.of(NettyRuntime.class, FileDescriptor.class, Epoll.class)
                .allMatch(type -> type.getModule().isNativeAccessEnabled());
    }

    /**
     * Whether connections can be accepted; false while the process has no descriptors left. While clients wait, it
     * tries again each second; if none waits, it is taken to be able again.
     */
    public boolean accepting() {
        return accepting
                || parts.time().nanoTime() - failedNanos > RETRY.multipliedBy(3).toNanos();
    }

    /** Changes the largest body, the origins of pages and the trusted proxies, from the next request on. */
    public void reconfigure(HttpServerOptions changed) {
        parts.rules().set(ServerParts.Rules.of(changed));
    }

    /** Tells clients of HTTP/2 to open other connections elsewhere. */
    public void drain() {
        connections.forEach(connection -> connection.pipeline().fireUserEventTriggered(Http2Connection.GO_AWAY));
    }

    /** Stops to accept connections. */
    public void stopAccepting() {
        Channel open = channel;
        if (open != null) {
            open.close().awaitUninterruptibly();
        }
    }

    /** Closes all connections. */
    public void close() {
        stopAccepting();
        connections.close().awaitUninterruptibly();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Sets up new connections. */
    private final class Connections extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel connection) {
            int open = count.incrementAndGet();
            connection.closeFuture().addListener(_ -> count.decrementAndGet());
            accepting = true;
            if (open > parts.options().connectionsMax() + REJECTING_MAX) {
                connection.close();
                return;
            }
            connections.add(connection);
            Peer peer = Peer.of(connection.remoteAddress(), parts);
            if (peer.trusted()) {
                connection.pipeline().addLast(new ProxyPreface());
            }
            if (parts.tls() != null) {
                connection.pipeline().addLast(encryption(parts.tls()), new EncryptedInputEnd());
            }
            connection
                    .pipeline()
                    .addLast(new ProtocolDetection(parts, open > parts.options().connectionsMax(), age(), peer));
        }

        /** Encrypts a connection; signatures and certificates are checked on a virtual thread. */
        private SslHandler encryption(TransportSecurity tls) {
            SSLEngine engine = tls.serverEngine();
            engine.setUseClientMode(false);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
            engine.setSSLParameters(parameters);
            var handler = new SslHandler(
                    engine, task -> BackgroundThread.startOnce("treaty-handshake", Events.NONE, () -> handshake(task)));
            handler.setHandshakeTimeout(parts.options().requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
            handler.setCloseNotifyFlushTimeout(LAST_RECORD.toMillis(), TimeUnit.MILLISECONDS);
            return handler;
        }

        private static void handshake(Runnable task) throws InterruptedException {
            HANDSHAKES.acquire();
            try {
                task.run();
            } finally {
                HANDSHAKES.release();
            }
        }

        private long age() {
            long most = parts.options().connectionAgeMax().toNanos();
            return parts.time().nanoTime() + most - random.nextLong(most / 10 + 1);
        }
    }

    /**
     * Notes that connections cannot be accepted; Netty's handler, which comes before it, pauses for a second. Nothing
     * else is done: what needs a class or a log for the first time may need a descriptor, and its failure would last.
     */
    private final class AcceptFailures extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failedNanos = parts.time().nanoTime();
            accepting = false;
        }
    }
}
