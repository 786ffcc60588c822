package dev.treaty.http.server;

import dev.treaty.core.call.Principal;
import dev.treaty.core.security.Authentication;
import org.jspecify.annotations.Nullable;

/** What a server serves. */
public interface Application {
    /**
     * Authenticates the sender of a request. It runs on an event loop and must not block.
     *
     * @return null if security is off
     * @throws RequestRejected if the request is rejected whoever has sent it, or its credentials are malformed
     */
    @Nullable
    Authentication authenticate(Request request);

    /**
     * Decides by its head what is done with a request, before its body is read. It runs on an event loop and must not
     * block.
     *
     * @param caller who has sent it, if it has been authenticated; null if security is off
     * @param bodyBytesMax the largest body of this request, also when it is decompressed
     * @throws RequestRejected if the request is rejected
     */
    Action accept(Request request, @Nullable Principal caller, int bodyBytesMax);

    /** Whether connections are to be closed after their next response. */
    boolean draining();
}
