package dev.treaty.registry.changes;

import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The central settings of a registry as they are known here, for which any number of threads can wait. */
public final class CurrentSettings {
    /**
     * Known settings.
     *
     * @param mark differs between two that have another number or text, also if the registry was restored in between
     */
    public record Known(Stored stored, String mark) {
        public static Known of(Stored stored) {
            return new Known(stored, stored.number() + "-" + Digest.of(stored.text()));
        }
    }

    private record State(@Nullable Known known, Promise<Boolean> over) {}

    private volatile State state;

    /** @param known null if they are not known yet */
    public CurrentSettings(@Nullable Known known) {
        this.state = new State(known, new Promise<>());
    }

    /** Returns the known settings, or null. */
    public @Nullable Known known() {
        return state.known;
    }

    /** Sets what is known, or null, and wakes the waiting threads. */
    public synchronized void set(@Nullable Known known) {
        State before = state;
        state = new State(known, new Promise<>());
        before.over.complete(true);
    }

    /** Lets the waiting threads look at what ends their wait. */
    public synchronized void wake() {
        set(state.known);
    }

    /**
     * Waits until other settings are known than those seen.
     *
     * @param seen the mark of those; an empty text for none
     * @param end ends the wait too; asked again after {@link #wake}
     * @return them; null if the wait is over first
     */
    public @Nullable Known await(String seen, BooleanSupplier end, Time time, long nanos) throws InterruptedException {
        long endNanos = time.nanoTime() + nanos;
        while (true) {
            State now = state;
            if (now.known != null && !now.known.mark.equals(seen)) {
                return now.known;
            }
            long left = endNanos - time.nanoTime();
            if (left <= 0 || end.getAsBoolean()) {
                return null;
            }
            now.over.await(time, left);
        }
    }
}
