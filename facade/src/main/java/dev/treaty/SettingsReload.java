package dev.treaty;

import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.ConfigurationWatch;
import dev.treaty.config.SettingChange;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings again when a file or a central setting changes or a central setting expires, and commits them as
 * the next generation or refuses them as a whole; then the last good generation stays. One thread does this, so that
 * any number of changes while it reads cost one more reading, of the last of them.
 */
final class SettingsReload implements AutoCloseable {
    /** How long the start of a process waits for central settings. */
    static final Duration CENTRAL_WAIT = Duration.ofSeconds(1);

    private static final Duration NEVER = Duration.ofDays(1);

    /** The number of changes that a message lists. */
    private static final int LISTED_MAX = 5;

    private static final String THREAD = "treaty-settings";

    private final Function<List<CentralSetting>, Settings.Effective> sources;
    private final Signal changed;
    private final Time time;
    private final Events events;
    private final Generation first;
    private @Nullable ConfigurationWatch files;
    private Promise<Boolean> unread; // kept when something has changed since the latest reading began
    private volatile Generation generation;
    private volatile Optional<String> refused = Optional.empty();
    private volatile @Nullable Stored stored;
    private volatile SettingsStore store = SettingsStore.unsupported("of this process");
    private volatile Consumer<Settings.Effective> check = _ -> {};
    private volatile Consumer<Generation> apply = _ -> {};
    private volatile Runnable report = () -> {};

    private final ReentrantLock lock = new ReentrantLock();

    /** The lock guards all following fields. */
    private @Nullable Subscription central;

    private @Nullable Thread thread;
    private boolean closed;

    private SettingsReload(
            Function<List<CentralSetting>, Settings.Effective> sources, Signal changed, Time time, Events events) {
        this.sources = sources;
        this.changed = changed;
        this.time = time;
        this.events = events;
        this.unread = changed.next(); // before reading, so that no change is missed
        this.first = Generation.first(sources.apply(List.of()), time.instant());
        this.generation = first;
    }

    /** Settings that code has given, which stay. */
    static SettingsReload fixed(Settings settings, Time time, Events events) {
        var none = Settings.effective("none", "", Map.of());
        var read = new Settings.Effective(settings, none.values(), none.app(), List.of());
        return new SettingsReload(_ -> read, new Signal(), time, events);
    }

    /**
     * Reads the local layers and watches their files.
     *
     * @throws dev.treaty.config.ConfigurationException if they are invalid
     */
    static SettingsReload of(ConfigurationSources sources, Time time, Events events) {
        var changed = new Signal();
        ConfigurationWatch watch = ConfigurationWatch.start(sources, changed::raise, events);
        try {
            var reload = new SettingsReload(sources::read, changed, time, events);
            reload.files = watch;
            return reload;
        } catch (Throwable e) {
            watch.close();
            throw e;
        }
    }

    Generation generation() {
        return generation;
    }

    /** Why the latest change was refused; empty if it was not. */
    Optional<String> refused() {
        return refused;
    }

    SettingsStore store() {
        return store;
    }

    /**
     * Adds the central settings of a registry, for which this waits a moment. If they are invalid, or the registry is
     * not reached, the local layers are in force.
     */
    void central(SettingsStore registry) {
        store = registry;
        if (files == null) {
            return; // settings that code has given
        }
        var begun = new Promise<Boolean>();
        BackgroundThread.startOnce(THREAD, events, () -> {
            try {
                follow(registry, () -> begun.complete(true));
            } finally {
                begun.complete(true);
            }
        });
        try {
            begun.await(time, CENTRAL_WAIT.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (stored == null) {
            emit(
                    false,
                    List.of(),
                    "the registry has not sent the central settings yet: this process begins without them");
        } else if (!Stored.NONE.equals(stored)) {
            read();
        }
    }

    private void follow(SettingsStore registry, Runnable received) {
        Subscription started = registry.watch(latest -> {
            Stored before = stored;
            stored = latest;
            if (!latest.equals(before == null ? Stored.NONE : before)) {
                changed.raise();
            }
            received.run();
        });
        lock.lock();
        try {
            if (!closed) {
                central = started;
                return;
            }
        } finally {
            lock.unlock();
        }
        started.close();
    }

    /**
     * Begins to apply changes.
     *
     * @param checking throws if settings are not valid for what this process calls and binds
     * @param applying applies a generation, before it is the one in force
     * @param reporting tells that there is another generation, or another refusal
     */
    void start(Consumer<Settings.Effective> checking, Consumer<Generation> applying, Runnable reporting) {
        check = checking;
        apply = applying;
        report = reporting;
        if (files != null) {
            Thread started = BackgroundThread.virtual(THREAD, time, events, this::run);
            thread = started;
            started.start();
        }
    }

    private void run() throws InterruptedException {
        while (true) {
            Instant now = time.instant();
            Duration wait = generation
                    .central()
                    .nextExpiry(now)
                    .map(at -> Duration.between(now, at))
                    .orElse(NEVER);
            unread.await(time, Math.max(1_000_000, (wait.compareTo(NEVER) < 0 ? wait : NEVER).toNanos()));
            read();
        }
    }

    /** Reads everything, and commits or refuses it. */
    private void read() {
        unread = changed.next(); // before reading, so that no change is missed
        Generation before = generation;
        Generation next;
        List<SettingChange> changes;
        try {
            Stored latest = stored;
            CentralSettings central = latest == null ? CentralSettings.EMPTY : CentralSettings.parse(latest);
            Instant now = time.instant();
            List<CentralSetting> inForce = central.settings(now);
            inForce.forEach(setting -> requireCentral(setting.key()));
            Settings.Effective read = sources.apply(inForce);
            check.accept(read);
            changes = before.read().changes(read);
            next = before.next(first, read, changes, central, now);
        } catch (RuntimeException e) {
            refuse(before, e);
            return;
        }
        boolean another = next.number() != before.number();
        if (another) {
            guarded(() -> apply.accept(next));
        }
        boolean accepted = refused.isPresent();
        refused = Optional.empty();
        generation = next;
        if (another || accepted) {
            guarded(report);
            committed(before, next, changes);
        }
    }

    /** @throws IllegalArgumentException if a key cannot be set centrally */
    static void requireCentral(String key) {
        Generation.notCentral(key).ifPresent(why -> {
            throw new IllegalArgumentException(
                    PrintableText.quote(key) + " cannot be set centrally, because " + why + ": set it locally");
        });
    }

    private void refuse(Generation before, RuntimeException e) {
        String why = Secrets.mask(Objects.requireNonNullElse(e.getMessage(), e.toString()));
        if (refused.isPresent() && refused.get().equals(why)) {
            return;
        }
        refused = Optional.of(why);
        guarded(report);
        emit(true, List.of(), "the settings were refused, generation " + before.number() + " stays in force: " + why);
    }

    private void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            BackgroundThread.report(THREAD, events, e);
        }
    }

    private void committed(Generation before, Generation next, List<SettingChange> changed) {
        List<String> changes = changed.stream().map(SettingChange::toString).toList();
        String listed = changes.stream().limit(LISTED_MAX).collect(Collectors.joining(", "));
        int more = changes.size() - LISTED_MAX;
        String restart = next.restartNeeded().isEmpty() || next.restartNeeded().equals(before.restartNeeded())
                ? ""
                : "; a restart is needed for " + String.join(", ", next.restartNeeded());
        List<String> warnings = next.read().warnings().stream()
                .filter(warning -> !before.read().warnings().contains(warning))
                .toList();
        emit(
                false,
                changes,
                "generation " + next.number() + " of the settings is in force"
                        + (changes.isEmpty() ? "" : ": " + listed)
                        + (more > 0 ? " and " + more + " more" : "")
                        + restart
                        + (warnings.isEmpty() ? "" : "; " + String.join("; ", warnings)));
    }

    private void emit(boolean isRefusal, List<String> changes, String message) {
        events.emit(new Event.ConfigurationChanged(generation.number(), isRefusal, changes, message));
    }

    @Override
    public void close() {
        Thread running;
        Subscription followed;
        lock.lock();
        try {
            closed = true;
            running = thread;
            followed = central;
        } finally {
            lock.unlock();
        }
        if (running != null) {
            running.interrupt();
        }
        if (followed != null) {
            followed.close();
        }
        if (files != null) {
            files.close();
        }
    }
}
