package dev.treaty.config;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices changes of the files of {@link ConfigurationSources}: of the file, of the profile, of the directory, and of
 * what they link to, as when Kubernetes replaces a ConfigMap. Only a change of the text that would be read counts, and
 * a burst of changes counts once.
 *
 * <p>The platform reports the changes. If it cannot, an {@linkplain dev.treaty.core.event.Event.ThreadFailed event}
 * says so, and the files are compared every five seconds.
 *
 * <p>Start it before the first reading, so that no change between both is lost.
 */
public final class ConfigurationWatch implements AutoCloseable {
    private static final String NAME = "treaty-configuration-watch";

    /** A burst of changes ends when this time passes without one, or after the longest burst. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long BURST_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(500);

    /** How often files are compared whose changes the platform does not report. */
    private static final long COMPARE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final SettingsFiles files;
    private final Runnable changed;
    private final Events events;
    private final Time time;
    private final @Nullable WatchService service;
    private final Thread thread;
    private volatile boolean closed;

    // Of the thread, after the start:
    private Map<WatchKey, Set<String>> names = new HashMap<>();
    private List<Document> known = List.of();
    private boolean unreported; // whether the platform does not report the changes of every directory

    /** Opens the platform's service. */
    interface Platform {
        WatchService open() throws IOException;
    }

    private ConfigurationWatch(SettingsFiles files, Runnable changed, Events events, Time time, Platform platform) {
        this.files = files;
        this.changed = changed;
        this.events = events;
        this.time = time;
        this.service = files.areNone() ? null : open(platform);
        this.thread = BackgroundThread.platform(NAME, time, events, this::run);
    }

    /**
     * Starts to watch. When this returns, each later change is noticed.
     *
     * @param changed runs on the thread of the watch after each change; it may block. What it throws becomes an event
     * @param events receives failures
     */
    public static ConfigurationWatch start(ConfigurationSources sources, Runnable changed, Events events) {
        return start(sources, changed, events, Time.system(), FileSystems.getDefault()::newWatchService);
    }

    static ConfigurationWatch start(
            ConfigurationSources sources, Runnable changed, Events events, Time time, Platform platform) {
        var watch = new ConfigurationWatch(sources.files(), changed, events, time, platform);
        if (!watch.files.areNone()) {
            watch.register();
            watch.known = watch.files.read();
            watch.thread.start();
        }
        return watch;
    }

    private @Nullable WatchService open(Platform platform) {
        try {
            return platform.open();
        } catch (IOException | UnsupportedOperationException e) {
            unreported(e);
            return null;
        }
    }

    private void unreported(Exception cause) {
        if (!unreported) {
            unreported = true;
            var failure = new IOException(
                    "the platform does not report all changes of files (" + cause.getMessage()
                            + "): they are compared every " + TimeUnit.NANOSECONDS.toSeconds(COMPARE_NANOS) + " s",
                    cause);
            BackgroundThread.report(NAME, events, failure);
        }
    }

    private void run() throws InterruptedException {
        try {
            while (!closed) {
                boolean lost = await();
                register();
                List<Document> now = files.read();
                if (lost || !now.equals(known)) {
                    known = now;
                    changed.run();
                }
            }
        } catch (ClosedWatchServiceException _) {
            // closed
        }
    }

    /** Waits for the end of a burst of changes; returns whether reports of changes were lost. */
    private boolean await() throws InterruptedException {
        if (service == null) {
            time.sleep(COMPARE_NANOS);
            return false;
        }
        var burst = new Burst();
        while (!burst.any) {
            WatchKey key = unreported ? service.poll(COMPARE_NANOS, TimeUnit.NANOSECONDS) : service.take();
            if (key == null) {
                return false;
            }
            burst.add(key);
        }
        long end = time.nanoTime() + BURST_NANOS_MAX;
        WatchKey next = service.poll(QUIET_NANOS, TimeUnit.NANOSECONDS);
        while (next != null) {
            burst.add(next);
            next = time.nanoTime() < end ? service.poll(QUIET_NANOS, TimeUnit.NANOSECONDS) : null;
        }
        return burst.lost;
    }

    private final class Burst {
        private boolean any;
        private boolean lost;

        void add(WatchKey key) {
            Set<String> counting = names.getOrDefault(key, Set.of());
            for (WatchEvent<?> event : key.pollEvents()) {
                lost |= event.kind().equals(StandardWatchEventKinds.OVERFLOW);
                any |= lost || WatchedDirectories.counts(counting, String.valueOf(event.context()));
            }
            any |= !key.reset(); // the directory is gone
        }
    }

    /** Registers every directory, until none appears or goes meanwhile. */
    private void register() {
        if (service == null) {
            return;
        }
        Map<Path, Set<String>> directories;
        do {
            directories = WatchedDirectories.of(files);
            var registered = new HashMap<WatchKey, Set<String>>();
            directories.forEach((directory, counting) -> register(service, directory, counting, registered));
            names.keySet().stream().filter(key -> !registered.containsKey(key)).forEach(WatchKey::cancel);
            names = registered;
        } while (!closed && !WatchedDirectories.of(files).equals(directories));
    }

    private void register(
            WatchService at, Path directory, Set<String> counting, Map<WatchKey, Set<String>> registered) {
        try {
            registered.put(
                    directory.register(
                            at,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY,
                            StandardWatchEventKinds.ENTRY_DELETE),
                    counting);
        } catch (NoSuchFileException | NotDirectoryException _) {
            // gone: its parent reports when it is back
        } catch (IOException e) {
            unreported(e);
        }
    }

    /** Ends the watch. If {@code changed} runs now, its thread is interrupted. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        if (service != null) {
            try {
                service.close();
            } catch (IOException e) {
                BackgroundThread.report(NAME, events, e);
            }
        }
    }
}
