package dev.treaty.http.server;

import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServerOptions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Listens on a port, and gives each connection the handlers of the protocol that its client speaks. */
public final class Listener {
    /** How many connections beyond the limit are answered before they are closed; others are closed at once. */
    private static final int REJECTING_MAX = 1_000;

    private static final int BACKLOG = 1_024;

    /** After this time Netty tries to accept again after a failure. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final ServerParts parts;
    private final RandomGenerator random;
    private final MultiThreadIoEventLoopGroup loops;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger count = new AtomicInteger();
    private final Channel channel;
    private volatile boolean accepting = true;
    private volatile long failedNanos;

    /** @throws UncheckedIOException if it cannot listen */
    public Listener(HttpServerOptions options, Application application, Time time, RandomGenerator random) {
        this.parts = new ServerParts(
                options, application, new BodyBudget(options.bodiesBytesMax()), new HttpDate(time), time);
        this.random = random;
        boolean epoll = nativeAccess() && Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        this.loops = new MultiThreadIoEventLoopGroup(
                Math.max(1, Runtime.getRuntime().availableProcessors()),
                new DefaultThreadFactory("treaty-http", true),
                io);
        Class<? extends ServerChannel> type = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new Connections())
                .bind(options.host(), options.port())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw cannotListen(options, bound.cause());
        }
        this.channel = bound.channel();
        channel.pipeline().addLast(new AcceptFailures());
    }

    /** Whether Netty's native code can be loaded without a warning of the JVM on standard error. */
    private static boolean nativeAccess() {
        return Stream.of(NettyRuntime.class, FileDescriptor.class, Epoll.class)
                .allMatch(type -> type.getModule().isNativeAccessEnabled());
    }

    private static UncheckedIOException cannotListen(HttpServerOptions options, Throwable cause) {
        String where = options.host() + ":" + options.port();
        return new UncheckedIOException(
                new IOException("cannot listen at " + where + ": " + cause.getMessage(), cause));
    }

    /** The port it listens on. */
    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /**
     * Whether connections can be accepted; false while the process has no descriptors left. While clients wait, it tries
     * again each second; if none waits, it is taken to be able again.
     */
    public boolean accepting() {
        return accepting
                || parts.time().nanoTime() - failedNanos > RETRY.multipliedBy(3).toNanos();
    }

    /** Tells clients of HTTP/2 to open other connections elsewhere. */
    public void drain() {
        connections.forEach(connection -> connection.pipeline().fireUserEventTriggered(Http2Connection.GO_AWAY));
    }

    /** Stops to accept connections. */
    public void stopAccepting() {
        channel.close().awaitUninterruptibly();
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
            connection
                    .pipeline()
                    .addLast(new ProtocolDetection(parts, open > parts.options().connectionsMax(), age()));
        }

        private long age() {
            long most = parts.options().connectionAgeMax().toNanos();
            return parts.time().nanoTime() + most - random.nextLong(most / 10 + 1);
        }
    }

    /**
     * Notes that connections cannot be accepted; Netty has paused for a second before. Neither is this logged, nor does
     * Netty log it: a log may need a descriptor as well, and if it is the first one of the process, its failure lasts.
     */
    private final class AcceptFailures extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failedNanos = parts.time().nanoTime();
            accepting = false;
        }
    }
}
