package dev.treaty.http.server;

import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import java.util.Set;

/** The content encoding {@code identity}, the only one that the server supports. */
public final class IdentityEncoding implements ContentEncoding {
    @Override
    public Set<String> ids() {
        return Set.of("identity");
    }

    @Override
    public String name() {
        return "identity";
    }

    @Override
    public String type() {
        return "identity";
    }

    @Override
    public boolean supportsEncoding() {
        return false;
    }

    @Override
    public boolean supportsDecoding() {
        return true;
    }

    @Override
    public ContentDecoder decoder() {
        return ContentDecoder.NO_OP;
    }

    @Override
    public ContentEncoder encoder() {
        return ContentEncoder.NO_OP;
    }
}
