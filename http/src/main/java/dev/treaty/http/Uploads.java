package dev.treaty.http;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The threads that wait for the rest of a request, and until when: the web server itself would wait for ever. Who has
 * waited too long is interrupted, which closes the connection.
 */
final class Uploads implements AutoCloseable {
    private final Map<Thread, Long> ends = new ConcurrentHashMap<>();
    private final Promise<Boolean> closed = new Promise<>();
    private final Time time;

    /** @param lookNanos how often it is looked whether somebody has waited too long */
    Uploads(Time time, long lookNanos) {
        this.time = time;
        Thread.ofVirtual().name("treaty-http-uploads").start(() -> {
            try {
                while (closed.await(time, lookNanos) == null) {
                    look();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void look() {
        long now = time.nanoTime();
        ends.forEach((thread, end) -> {
            if (end - now <= 0 && ends.remove(thread, end)) {
                thread.interrupt();
            }
        });
    }

    /** The calling thread begins to wait for a request, until then. */
    void begin(long endNanos) {
        ends.put(Thread.currentThread(), endNanos);
    }

    /** It has waited long enough, one way or the other; false where that was too long, and it is being interrupted. */
    boolean end() {
        return ends.remove(Thread.currentThread()) != null;
    }

    @Override
    public void close() {
        closed.complete(true);
    }
}
