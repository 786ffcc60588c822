package dev.treaty.http.server;

import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How connections end, encrypted or not. */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class Closing {
    private Closing() {}

    /** Whether a failure is one of the network or of what the client sends, rather than one of the server. */
    static boolean byClient(Throwable failure) {
        @Nullable Throwable cause = failure instanceof DecoderException ? failure.getCause() : failure;
        return cause instanceof IOException;
    }

    /** Tells the client that the server sends nothing more. */
    static void endOutput(Channel connection) {
        SslHandler encryption = connection.pipeline().get(SslHandler.class);
        if (encryption == null) {
            ((DuplexChannel) connection).shutdownOutput();
        } else {
            encryption.closeOutbound().addListener(_ -> ((DuplexChannel) connection).shutdownOutput());
        }
    }
}
