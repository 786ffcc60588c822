import org.jspecify.annotations.NullMarked;

/** HTTP transport and server in the Connect protocol. */
@NullMarked
module dev.treaty.http {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.codec;
    requires transitive dev.treaty.core;
    requires io.helidon.common.socket;
    requires io.helidon.http;
    requires io.helidon.http.encoding;
    requires io.helidon.webclient.http2;
    requires io.helidon.webserver;
    requires java.logging;
    requires java.net.http;
    requires tools.jackson.core;

    exports dev.treaty.http;
}
