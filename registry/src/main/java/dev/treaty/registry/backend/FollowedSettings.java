package dev.treaty.registry.backend;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.CurrentSettings;
import dev.treaty.registry.changes.CurrentSettings.Known;
import dev.treaty.registry.spi.Backend;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The central settings in the store of a backend: the number on the first line of a text, and the settings after it.
 * They are followed from the first time that a client waits for others.
 */
final class FollowedSettings implements Backend.Follower, AutoCloseable {
    private final Backend backend;
    private final Time time;
    private final CurrentSettings current = new CurrentSettings(null);
    private volatile @Nullable String problem;
    private volatile boolean closed;
    private @Nullable Subscription following; // guarded by this

    FollowedSettings(Backend backend, Time time) {
        this.backend = backend;
        this.time = time;
    }

    /** Reads the stored settings from the store. */
    Known read() throws InterruptedException {
        return Known.of(stored(backend.settings()));
    }

    /** Replaces those with the expected number; returns false if others are stored. */
    boolean replace(long expected, Stored next) throws InterruptedException {
        String before = backend.settings();
        return stored(before).number() == expected
                && backend.replaceSettings(before, next.number() + "\n" + next.text());
    }

    private static Stored stored(String text) {
        int line = text.indexOf('\n');
        try {
            return text.isEmpty()
                    ? Stored.NONE
                    : new Stored(Long.parseLong(text.substring(0, Math.max(0, line))), text.substring(line + 1));
        } catch (IllegalArgumentException _) {
            throw new ServiceException(
                    Code.UNAVAILABLE,
                    "another program has written the central settings: their first line is not a number; remove them");
        }
    }

    /**
     * Waits until other settings are stored than those seen.
     *
     * @return them, or null if the time is over
     * @throws ServiceException if the store cannot be read
     */
    @Nullable
    Known await(String seen, long nanos) throws InterruptedException {
        follow();
        Known known = current.await(seen, () -> closed || problem != null, time, nanos);
        String why = problem;
        if (known == null && why != null) {
            throw new ServiceException(Code.UNAVAILABLE, why);
        }
        return known;
    }

    private synchronized void follow() {
        if (following == null && !closed) {
            following = backend.followSettings(this);
        }
    }

    @Override
    public void complete(Map<String, String> settings) {
        set(settings.getOrDefault(Backend.SETTINGS, ""));
    }

    @Override
    public void changed(String id, String value) {
        if (id.equals(Backend.SETTINGS)) {
            set(value);
        }
    }

    @Override
    public void removed(String id, String reason) {
        changed(id, "");
    }

    private void set(String text) {
        try {
            Known known = Known.of(stored(text));
            problem = null;
            current.set(known);
        } catch (ServiceException e) {
            failed(e.fault().message());
        }
    }

    @Override
    public void failed(String why) {
        problem = why;
        current.wake();
    }

    @Override
    public synchronized void close() {
        closed = true;
        current.wake();
        if (following != null) {
            following.close();
        }
    }
}
