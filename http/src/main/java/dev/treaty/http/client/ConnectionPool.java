package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransportOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one endpoint. The one used last is taken first, so that those that are not needed grow old and
 * go. Who finds none left waits in line until the deadline, and is handed the next that comes back.
 */
public final class ConnectionPool {
    private final HttpTransportOptions options;
    private final long idleLifetimeNanos;
    private final Time time;

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<PooledConnection> links = new HashSet<>();
    private final ArrayDeque<PooledConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<Promise<PooledConnection>> line = new ArrayDeque<>();
    private final PooledConnection nobody;
    private boolean closed;

    public ConnectionPool(HttpTransportOptions options, Time time) {
        this.options = options;
        this.idleLifetimeNanos = options.idleLifetime().toNanos();
        this.time = time;
        this.nobody = new PooledConnection(1);
    }

    /**
     * A link for one exchange, connected or not, to be {@linkplain #give given back} in any case.
     *
     * @return null where the deadline passed first, or the pool is closed
     */
    @Nullable
    PooledConnection take(Deadline deadline) throws InterruptedException {
        Promise<PooledConnection> turn;
        lock.lock();
        try {
            if (closed) {
                return null;
            }
            PooledConnection link = idle.pollFirst();
            if (link != null) {
                if (link.idleLongerThan(idleLifetimeNanos, time.nanoTime())) {
                    link.disconnect();
                }
                return link;
            }
            if (links.size() < options.connectionsMax()) {
                PooledConnection made = new PooledConnection(options.responseBytesMax());
                links.add(made);
                return made;
            }
            turn = new Promise<>();
            line.addLast(turn);
        } finally {
            lock.unlock();
        }
        return await(turn, deadline);
    }

    private @Nullable PooledConnection await(Promise<PooledConnection> turn, Deadline deadline)
            throws InterruptedException {
        boolean mine = false;
        try {
            PooledConnection link = turn.await(time, deadline.remainingNanos(time));
            mine = link != null && link != nobody;
            return mine ? link : leave(turn);
        } catch (InterruptedException e) {
            PooledConnection late = leave(turn);
            if (late != null) {
                give(late);
            }
            throw e;
        }
    }

    /** Leaves the line; where a link was handed over at the same moment, that is returned. */
    private @Nullable PooledConnection leave(Promise<PooledConnection> turn) {
        lock.lock();
        try {
            line.remove(turn);
        } finally {
            lock.unlock();
        }
        if (turn.complete(nobody)) {
            return null;
        }
        PooledConnection handed = turn.now();
        return handed == nobody ? null : handed;
    }

    /** Takes a link back; where it is still connected it may be used again. */
    void give(PooledConnection link) {
        List<PooledConnection> surplus = new ArrayList<>(0);
        lock.lock();
        try {
            if (!closed) {
                for (Promise<PooledConnection> next = line.pollFirst(); next != null; next = line.pollFirst()) {
                    if (next.complete(link)) {
                        return;
                    }
                }
            }
            if (closed || !link.connected()) {
                links.remove(link);
                surplus.add(link);
            } else {
                idle.addFirst(link);
            }
            long now = time.nanoTime();
            for (PooledConnection oldest = idle.peekLast();
                    oldest != null
                            && (idle.size() > options.idleMax() || oldest.idleLongerThan(idleLifetimeNanos, now));
                    oldest = idle.peekLast()) {
                idle.removeLast();
                links.remove(oldest);
                surplus.add(oldest);
            }
        } finally {
            lock.unlock();
        }
        surplus.forEach(PooledConnection::disconnect);
    }

    /** Closes what is idle, and what is in use when it comes back. */
    void close() {
        List<PooledConnection> unused;
        lock.lock();
        try {
            closed = true;
            unused = List.copyOf(idle);
            idle.clear();
            links.removeAll(unused);
            line.forEach(turn -> turn.complete(nobody));
            line.clear();
        } finally {
            lock.unlock();
        }
        unused.forEach(PooledConnection::disconnect);
    }

    /** Closes everything at once; calls under way fail. */
    void abort() {
        close();
        List<PooledConnection> busy;
        lock.lock();
        try {
            busy = List.copyOf(links);
        } finally {
            lock.unlock();
        }
        busy.forEach(PooledConnection::disconnect);
    }

    boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }
}
