import org.jspecify.annotations.NullMarked;

/** HTTP transport and server in the Connect protocol. */
@NullMarked
module dev.treaty.http {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.codec;
    requires transitive dev.treaty.core;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.haproxy;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires java.net.http;
    requires tools.jackson.core;

    exports dev.treaty.http;
}
