package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransportOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one endpoint. The last used connection is taken first, so that unneeded connections become idle
 * and are closed. If all connections are in use, callers queue until their deadline and get the next one that is
 * returned.
 */
public final class ConnectionPool {
    private final HttpTransportOptions options;
    private final Time time;

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<PooledConnection> connections = ConcurrentHashMap.newKeySet();
    private final ArrayDeque<PooledConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<Promise<PooledConnection>> queue = new ArrayDeque<>();
    private volatile boolean closed;

    /** The result of a promise in the queue that gets no connection. */
    private final PooledConnection none = new PooledConnection(1);

    public ConnectionPool(HttpTransportOptions options, Time time) {
        this.options = options;
        this.time = time;
    }

    /**
     * Takes a connection for one exchange, open or not. It must be {@linkplain #give returned}.
     *
     * @return null if the deadline passed, or the pool is closed
     */
    @Nullable
    PooledConnection take(Deadline deadline) throws InterruptedException {
        Promise<PooledConnection> promise;
        lock.lock();
        try {
            if (closed) {
                return null;
            }
            PooledConnection recent = idle.pollFirst();
            if (recent != null) {
                if (recent.idleLongerThan(options.idleLifetime(), time)) {
                    recent.disconnect();
                }
                return recent;
            }
            if (connections.size() < options.connectionsMax()) {
                var added = new PooledConnection(options.responseBytesMax());
                connections.add(added);
                return added;
            }
            promise = new Promise<>();
            queue.addLast(promise);
        } finally {
            lock.unlock();
        }
        return await(promise, deadline);
    }

    private @Nullable PooledConnection await(Promise<PooledConnection> promise, Deadline deadline)
            throws InterruptedException {
        try {
            PooledConnection given = promise.await(time, deadline.remainingNanos(time));
            return given != null && given != none ? given : leave(promise);
        } catch (InterruptedException e) {
            PooledConnection late = leave(promise);
            if (late != null) {
                give(late);
            }
            throw e;
        }
    }

    /** Leaves the queue; returns a connection that was given at the same moment. */
    private @Nullable PooledConnection leave(Promise<PooledConnection> promise) {
        lock.lock();
        try {
            queue.remove(promise);
        } finally {
            lock.unlock();
        }
        PooledConnection given = promise.now();
        return given == none ? null : given;
    }

    /** Returns a connection to the pool; if it is open, it is used again. */
    void give(PooledConnection returned) {
        List<PooledConnection> surplus = new ArrayList<>(0);
        lock.lock();
        try {
            var next = queue.pollFirst(); // closing empties the queue
            if (next != null) {
                next.complete(returned);
                return;
            }
            if (closed || returned.channel() == null) {
                connections.remove(returned);
                surplus.add(returned);
            } else {
                idle.addFirst(returned);
            }
            while (!idle.isEmpty()
                    && (idle.size() > options.idleMax()
                            || idle.getLast().idleLongerThan(options.idleLifetime(), time))) {
                PooledConnection oldest = idle.removeLast();
                connections.remove(oldest);
                surplus.add(oldest);
            }
        } finally {
            lock.unlock();
        }
        surplus.forEach(PooledConnection::disconnect);
    }

    /** Closes idle connections at once, and those in use when they are returned. */
    void close() {
        List<PooledConnection> unused;
        lock.lock();
        try {
            closed = true;
            unused = List.copyOf(idle);
            idle.clear();
            connections.removeAll(unused);
            queue.forEach(promise -> promise.complete(none));
            queue.clear();
        } finally {
            lock.unlock();
        }
        unused.forEach(PooledConnection::disconnect);
    }

    /** Closes all connections at once; calls in flight fail. */
    void abort() {
        close();
        connections.forEach(PooledConnection::disconnect);
    }

    boolean closed() {
        return closed;
    }
}
