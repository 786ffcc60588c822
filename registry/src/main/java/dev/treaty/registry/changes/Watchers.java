package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The watchers of a {@link ChangeLog} within this process. Each has its own thread, so a watcher that is slow or throws
 * does not affect others.
 */
public final class Watchers implements AutoCloseable {
    /** The most watchers that a process may have. */
    static final int WATCHERS_MAX = 16_384;

    private static final String THREAD = "treaty-watch-";

    /** The longest wait of a thread; waking without a change costs nothing. */
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final ChangeLog changes;
    private final WatcherAcks acks;
    private final Time time;
    private final Events events;
    private final Map<Long, Watcher> open = new ConcurrentSkipListMap<>(); // in the order of opening
    private final AtomicLong opened = new AtomicLong();
    private volatile boolean closed;

    /**
     * Creates a set without watchers.
     *
     * @param acks receives the revisions that each watcher acknowledges
     * @param events receives the failures of listeners
     */
    public Watchers(ChangeLog changes, WatcherAcks acks, Time time, Events events) {
        this.changes = changes;
        this.acks = acks;
        this.time = time;
        this.events = events;
    }

    /**
     * Notifies a listener of the current instances on this thread, then of every change on the watcher's thread.
     *
     * @param onClose run once, when the watcher is closed
     * @throws IllegalStateException if there are too many watchers
     */
    public Subscription open(ServiceName service, Consumer<DiscoveryEvent> listener, Runnable onClose) {
        if (open.size() >= WATCHERS_MAX) {
            throw new IllegalStateException(
                    "this process has " + WATCHERS_MAX + " watchers, which is the limit: close unused ones");
        }
        var watcher = new Watcher(opened.incrementAndGet(), service, listener, onClose);
        open.put(watcher.number, watcher);
        if (closed) {
            watcher.close();
        }
        watcher.read();
        BackgroundThread.virtual(THREAD + service, time, events, watcher::run).start();
        return watcher;
    }

    /** Closes all watchers. */
    @Override
    public void close() {
        closed = true;
        open.values().forEach(Watcher::close);
    }

    private final class Watcher implements Subscription {
        private final long number;
        private final ServiceName service;
        private final Consumer<DiscoveryEvent> listener;
        private final Runnable onClose;
        private final ChangeLog.Waiter waiter = changes.new Waiter();
        private InstanceList seen = InstanceList.EMPTY;
        private long revision;

        Watcher(long number, ServiceName service, Consumer<DiscoveryEvent> listener, Runnable onClose) {
            this.number = number;
            this.service = service;
            this.listener = listener;
            this.onClose = onClose;
        }

        void run() throws InterruptedException {
            while (!waiter.isClosed()) {
                Thread.interrupted(); // set by the listener
                revision = waiter.await(List.of(service), revision, time, WAIT_NANOS);
                read();
            }
        }

        void read() {
            if (waiter.isClosed()) {
                return;
            }
            acks.notified(this, time.nanoTime());
            var reading = changes.read(service, revision);
            if (reading.events() == null) {
                Instant now = time.instant();
                reading.instances().since(seen, (before, after) -> notify(event(before, after, now)));
            } else {
                reading.events().forEach(this::notify);
            }
            seen = reading.instances();
            revision = reading.revision();
            acks.acknowledge(this, Map.of(service, revision), time.nanoTime());
            if (waiter.isClosed()) { // closed at the same time: nothing may wait for this watcher
                acks.remove(this);
            }
        }

        private static DiscoveryEvent event(
                @Nullable ServiceInstance before, @Nullable ServiceInstance after, Instant now) {
            if (after == null) {
                return new DiscoveryEvent.Removed(Objects.requireNonNull(before), RemovalReason.BEHIND.text(), now);
            }
            return before == null
                    ? new DiscoveryEvent.Added(after, now)
                    : new DiscoveryEvent.Updated(after, before, now);
        }

        private void notify(DiscoveryEvent event) {
            if (waiter.isClosed()) {
                return;
            }
            try {
                listener.accept(event);
            } catch (Throwable e) { // of the listener: the next changes follow
                BackgroundThread.report(THREAD + service, events, e);
            }
        }

        @Override
        public void close() {
            if (open.remove(number) != null) {
                waiter.close();
                acks.remove(this);
                onClose.run();
            }
        }
    }
}
