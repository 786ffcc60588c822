package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
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
 * Those who follow a {@link ChangeLog} within this process. Each has a thread of its own, so one that is slow or throws
 * holds up nobody else.
 */
public final class Watchers implements AutoCloseable {
    /** The most watchers that a process may have. */
    static final int WATCHERS_MAX = 16_384;

    /** How long a thread waits without looking whether all is well; waking early costs nothing. */
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final ChangeLog catalog;
    private final WatcherAcks audience;
    private final Time time;
    private final Map<Long, Watcher> open = new ConcurrentSkipListMap<>(); // in the order they came
    private final AtomicLong opened = new AtomicLong();
    private volatile boolean closed;

    /** @param audience is told how far each watcher has heard */
    public Watchers(ChangeLog catalog, WatcherAcks audience, Time time) {
        this.catalog = catalog;
        this.audience = audience;
        this.time = time;
    }

    /**
     * Gives the current instances on this thread and every later change on the watcher's own.
     *
     * @param onClose run once, when the watcher is closed
     */
    public Subscription open(ServiceName service, Consumer<DiscoveryEvent> on, Runnable onClose) {
        if (open.size() >= WATCHERS_MAX) {
            throw new IllegalStateException(
                    "there are " + WATCHERS_MAX + " watchers already: close those that are done");
        }
        var watcher = new Watcher(opened.incrementAndGet(), service, on, onClose);
        open.put(watcher.number, watcher);
        if (closed) {
            watcher.close();
        }
        watcher.read();
        Thread.ofVirtual().name("treaty-watch-" + service).start(watcher::follow);
        return watcher;
    }

    /** Ends every watcher. */
    @Override
    public void close() {
        closed = true;
        open.values().forEach(Watcher::close);
    }

    private final class Watcher implements Subscription {
        private final long number;
        private final ServiceName service;
        private final Consumer<DiscoveryEvent> on;
        private final Runnable onClose;
        private InstanceList seen = InstanceList.EMPTY;
        private long revision;
        private volatile ChangeLog.@Nullable Waiter waiting;
        private volatile boolean done;

        Watcher(long number, ServiceName service, Consumer<DiscoveryEvent> on, Runnable onClose) {
            this.number = number;
            this.service = service;
            this.on = on;
            this.onClose = onClose;
        }

        void follow() {
            while (!done) {
                var waiter = catalog.await(List.of(service), revision);
                waiting = waiter;
                try {
                    if (!done) { // looked at after enlisting, so that a close in between is not missed
                        Long unchanged = waiter.changed().await(time, WAIT_NANOS);
                        revision = unchanged == null ? revision : Math.max(revision, unchanged);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    close();
                } finally {
                    catalog.leave(waiter);
                }
                if (!done) {
                    read();
                }
            }
        }

        void read() {
            audience.told(this, time.nanoTime());
            var reading = catalog.read(service, revision);
            if (reading.changes() == null) {
                Instant now = time.instant();
                reading.roster().since(seen, (before, after) -> tell(event(before, after, now)));
            } else {
                reading.changes().forEach(this::tell);
            }
            seen = reading.roster();
            revision = reading.revision();
            if (!done) {
                audience.heard(this, Map.of(service, revision), time.nanoTime());
                if (done) { // closed meanwhile
                    audience.left(this);
                }
            }
        }

        private static DiscoveryEvent event(
                @Nullable ServiceInstance before, @Nullable ServiceInstance after, Instant now) {
            if (after != null) {
                return before == null
                        ? new DiscoveryEvent.Added(after, now)
                        : new DiscoveryEvent.Updated(after, before, now);
            }
            return new DiscoveryEvent.Removed(Objects.requireNonNull(before), "gone while its watcher was behind", now);
        }

        private void tell(DiscoveryEvent event) {
            if (done) {
                return;
            }
            try {
                on.accept(event);
            } catch (RuntimeException | AssertionError e) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
        }

        @Override
        public void close() {
            if (open.remove(number) != null) {
                done = true;
                audience.left(this);
                onClose.run();
                var waiter = waiting;
                if (waiter != null) {
                    waiter.changed().complete(0L);
                }
            }
        }
    }
}
