package dev.treaty.http.server;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the bytes of all request bodies that a server holds, so that many large ones cannot use up the heap. Bytes are
 * reserved before they are read. Small bodies have a part of their own, which large ones cannot fill.
 */
public final class BodyBudget {
    /** The maximum size of a small body. */
    public static final int SMALL_MAX = 64 << 10;

    private static final int SMALL_PART = 8;

    private final AtomicLong small;
    private final AtomicLong large;

    public BodyBudget(long bytesMax) {
        this.small = new AtomicLong(bytesMax / SMALL_PART);
        this.large = new AtomicLong(bytesMax - bytesMax / SMALL_PART);
    }

    /** Reserves bytes for one body; returns false if there are not enough. */
    public boolean reserve(int bytes) {
        AtomicLong part = part(bytes);
        if (part.addAndGet(-bytes) >= 0) {
            return true;
        }
        part.addAndGet(bytes);
        return false;
    }

    /** Returns what one call of {@link #reserve} has reserved. */
    public void release(int bytes) {
        part(bytes).addAndGet(bytes);
    }

    private AtomicLong part(int bytes) {
        return bytes <= SMALL_MAX ? small : large;
    }
}
