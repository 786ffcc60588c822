package dev.treaty.registry;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Those who follow a {@link Catalog} within this process. Each has a thread of its own, so one that is slow or throws
 * holds up nobody else.
 */
final class Watchers implements AutoCloseable {
    /** The most watchers that a process may have. */
    static final int WATCHERS_MAX = 16_384;

    /** How long a thread waits without looking whether all is well; waking early costs nothing. */
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final Catalog catalog;
    private final Time time;
    private final Map<Long, Watcher> open = new ConcurrentSkipListMap<>(); // in the order they came
    private final AtomicLong opened = new AtomicLong();
    private volatile boolean closed;

    Watchers(Catalog catalog, Time time) {
        this.catalog = catalog;
        this.time = time;
    }

    /**
     * Gives the current instances on this thread and every later change on the watcher's own.
     *
     * @param onClose run once, when the watcher is closed
     */
    Subscription open(ServiceName service, Consumer<DiscoveryEvent> on, Runnable onClose) {
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
        private final Map<String, ServiceInstance> known = new LinkedHashMap<>();
        private long revision;
        private volatile Catalog.@Nullable Waiter waiting;
        private volatile boolean done;

        Watcher(long number, ServiceName service, Consumer<DiscoveryEvent> on, Runnable onClose) {
            this.number = number;
            this.service = service;
            this.on = on;
            this.onClose = onClose;
        }

        void follow() {
            while (!done) {
                var waiter = catalog.await(service::equals, revision);
                waiting = waiter;
                try {
                    if (!done) { // looked at after enlisting, so that a close in between is not missed
                        waiter.changed().await(time, WAIT_NANOS);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    close();
                } finally {
                    catalog.leave(waiter);
                }
                read();
            }
        }

        void read() {
            var reading = catalog.read(Map.of(service, revision));
            revision = reading.revision();
            reading.complete().values().forEach(instances -> {
                var now = time.instant();
                var gone = new LinkedHashMap<>(known);
                for (ServiceInstance instance : instances) {
                    ServiceInstance before = gone.remove(instance.id());
                    if (before == null) {
                        tell(new DiscoveryEvent.Added(instance, now));
                    } else if (!before.equals(instance)) {
                        tell(new DiscoveryEvent.Updated(instance, before, now));
                    }
                }
                gone.values()
                        .forEach(instance ->
                                tell(new DiscoveryEvent.Removed(instance, "gone while its watcher was behind", now)));
            });
            reading.changes().forEach(this::tell);
        }

        private void tell(DiscoveryEvent event) {
            if (event instanceof DiscoveryEvent.Removed) {
                known.remove(event.instance().id());
            } else {
                known.put(event.instance().id(), event.instance());
            }
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
                onClose.run();
                var waiter = waiting;
                if (waiter != null) {
                    waiter.changed().complete(true);
                }
            }
        }
    }
}
