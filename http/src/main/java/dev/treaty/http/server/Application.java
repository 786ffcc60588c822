package dev.treaty.http.server;

/** What a server serves. */
public interface Application {
    /**
     * Decides by its head what is done with a request, before its body is read. It runs on an event loop and must not
     * block.
     *
     * @param bodyBytesMax the largest body of this request, also when it is decompressed
     * @throws RequestRejected if the request is rejected
     */
    Action accept(Request request, int bodyBytesMax);

    /** Whether connections are to be closed after their next response. */
    boolean draining();
}
