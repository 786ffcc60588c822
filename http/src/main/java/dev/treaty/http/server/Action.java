package dev.treaty.http.server;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import org.jspecify.annotations.Nullable;

/** What the server does with a request whose head it has accepted. */
public interface Action {
    /** Returns the response, on a virtual thread; it may block. */
    Response run(byte[] body) throws InterruptedException;

    /** When the request is answered although it has no response yet; null for never. */
    default @Nullable Deadline deadline() {
        return null;
    }

    /** Whether the body is compressed, so that it needs memory for a body of the maximum size. */
    default boolean compressed() {
        return false;
    }

    /** Ends a request to which no response will be sent: the deadline has passed, or the client has left. */
    default void cancel(Fault reason) {}

    /** The response has been written, or there will be none; called once, in any case. */
    default void ended() {}
}
