package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A watcher of central settings for tests: records what it receives, and whether calls overlap or repeat. */
public final class SettingsRecorder implements Consumer<Stored> {
    private final List<Stored> received = new CopyOnWriteArrayList<>();
    private final List<String> contradictions = new CopyOnWriteArrayList<>();
    private final AtomicBoolean called = new AtomicBoolean();

    /** Creates a recorder that has received nothing. */
    public SettingsRecorder() {}

    /** Watches a store. */
    public static SettingsRecorder watch(SettingsStore store) {
        var recorder = new SettingsRecorder();
        store.watch(recorder);
        return recorder;
    }

    @Override
    public void accept(Stored stored) {
        if (!called.compareAndSet(false, true)) {
            contradictions.add("called for " + stored + " during another call");
        }
        if (!received.isEmpty() && received.getLast().equals(stored)) {
            contradictions.add("called for " + stored + " twice in a row");
        }
        received.add(stored);
        called.set(false);
    }

    /** Returns everything that was received, in order. */
    public List<Stored> received() {
        assertThat(contradictions).isEmpty();
        return List.copyOf(received);
    }

    /** Waits until the last received settings are these. */
    public void until(Stored expected) {
        Polling.until(() -> !received.isEmpty() && received.getLast().equals(expected));
        assertThat(contradictions).isEmpty();
    }
}
