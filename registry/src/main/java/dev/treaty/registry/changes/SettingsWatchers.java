package dev.treaty.registry.changes;

import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.CurrentSettings.Known;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The watchers of {@link CurrentSettings} within this process. Each has its own thread, so a watcher that is slow or
 * throws does not affect others.
 */
public final class SettingsWatchers implements AutoCloseable {
    private static final String THREAD = "treaty-settings-watch";

    /** The longest wait of a thread; waking without a change costs nothing. */
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final CurrentSettings settings;
    private final Time time;
    private final Events events;
    private final Set<Watcher> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** @param events receives the failures of listeners */
    public SettingsWatchers(CurrentSettings settings, Time time, Events events) {
        this.settings = settings;
        this.time = time;
        this.events = events;
    }

    /**
     * Notifies a listener of the current settings on this thread if they are known, then of later ones on the watcher's
     * thread.
     *
     * @param onClose run once, when the watcher is closed
     * @throws IllegalStateException if there are too many watchers
     */
    public Subscription open(Consumer<Stored> listener, Runnable onClose) {
        if (open.size() >= Watchers.WATCHERS_MAX) {
            throw new IllegalStateException("this process has " + Watchers.WATCHERS_MAX
                    + " watchers of central settings, which is the limit: close unused ones");
        }
        var watcher = new Watcher(listener, onClose);
        open.add(watcher);
        if (closed) {
            watcher.close();
        }
        watcher.notify(settings.known());
        BackgroundThread.virtual(THREAD, time, events, watcher::run).start();
        return watcher;
    }

    /** Closes all watchers. */
    @Override
    public void close() {
        closed = true;
        open.forEach(Watcher::close);
    }

    private final class Watcher implements Subscription {
        private final Consumer<Stored> listener;
        private final Runnable onClose;
        private String seen = "";

        Watcher(Consumer<Stored> listener, Runnable onClose) {
            this.listener = listener;
            this.onClose = onClose;
        }

        private boolean isClosed() {
            return !open.contains(this);
        }

        void run() throws InterruptedException {
            while (!isClosed()) {
                Thread.interrupted(); // set by the listener
                notify(settings.await(seen, this::isClosed, time, WAIT_NANOS));
            }
        }

        void notify(@Nullable Known known) {
            if (known == null || isClosed()) {
                return;
            }
            seen = known.mark();
            try {
                listener.accept(known.stored());
            } catch (Throwable e) { // of the listener: the next settings follow
                BackgroundThread.report(THREAD, events, e);
            }
        }

        @Override
        public void close() {
            if (open.remove(this)) {
                settings.wake();
                onClose.run();
            }
        }
    }
}
