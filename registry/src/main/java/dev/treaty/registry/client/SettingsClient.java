package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryProtocol.Kept;
import dev.treaty.registry.changes.CurrentSettings;
import dev.treaty.registry.changes.CurrentSettings.Known;
import dev.treaty.registry.changes.SettingsWatchers;
import dev.treaty.registry.client.RegistryConnection.Request;
import dev.treaty.registry.client.RegistryConnection.Requester;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.Requests;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The central settings of a networked registry. While there are watchers, one request at a time waits for others than
 * those known. While the registry is unreachable, the last known settings remain.
 */
public final class SettingsClient implements SettingsStore, AutoCloseable {
    /** How much later than requested an answer may arrive. */
    private static final long SLACK_NANOS = Duration.ofSeconds(5).toNanos();

    /** The pause before a registry is asked again that keeps no settings. */
    private static final long UNSUPPORTED_NANOS = Duration.ofMinutes(1).toNanos();

    /** How a request ended. */
    private sealed interface Outcome {
        record Answered(Optional<Kept> kept) implements Outcome {}

        record Failed(Fault fault) implements Outcome {}

        /** Given up, since another request has to be sent. */
        record Restarted() implements Outcome {}
    }

    private final RegistryConnection connection;
    private final CurrentSettings current = new CurrentSettings(null);
    private final SettingsWatchers watchers;
    private Promise<Outcome> outcome = new Promise<>(); // guarded by this, as all below
    private Promise<Boolean> loaded = new Promise<>();
    private boolean started;
    private int watching;
    private volatile @Nullable Fault refused;
    private volatile boolean closed;

    public SettingsClient(RegistryConnection connection) {
        this.connection = connection;
        this.watchers = new SettingsWatchers(current, connection.time, connection.events);
    }

    @Override
    public Stored read() {
        return answer(registry -> registry.settings("", 0))
                .map(SettingsClient::known)
                .map(Known::stored)
                .orElse(Stored.NONE);
    }

    @Override
    public boolean replace(long expected, Stored next) {
        Requests.checkSettings(expected, next);
        return answer(registry -> registry.replaceSettings(expected, next.number(), next.text()));
    }

    private <T> T answer(Request<T> request) {
        try {
            return connection.callOnce(request);
        } catch (ServiceException e) {
            throw e.code() == Code.UNIMPLEMENTED
                    ? new UnsupportedOperationException(
                            "the registry " + connection.address + " keeps no central settings ("
                                    + e.fault().message() + ")",
                            e)
                    : e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceException(Code.CANCELED, "the request to the registry was interrupted");
        }
    }

    private static Known known(Kept kept) {
        return new Known(new Stored(kept.number(), kept.text()), kept.mark());
    }

    /**
     * {@inheritDoc}
     *
     * <p>Waits for the registry within the patience of the policy; otherwise the current settings follow later.
     */
    @Override
    public Subscription watch(Consumer<Stored> on) {
        connection.await(begin());
        try {
            return watchers.open(on, this::end);
        } catch (IllegalStateException e) {
            end();
            throw e;
        }
    }

    /** Counts a watcher; returns a promise that is kept when settings are known. */
    private synchronized Promise<Boolean> begin() {
        if (closed) {
            throw new IllegalStateException("the client of the registry " + connection.address + " is closed");
        }
        watching++;
        if (!started) {
            started = true;
            BackgroundThread.virtual("treaty-registry-settings", connection.time, connection.events, this::run)
                    .start();
        } else if (watching == 1) {
            restart();
        }
        return loaded;
    }

    private synchronized void end() {
        watching--;
        if (watching == 0) {
            restart();
            outcome = new Promise<>(); // so that an answer that has arrived already is not used
            forget();
        }
    }

    /** Forgets what is known, since it is not kept current. */
    private synchronized void forget() {
        current.set(null);
        loaded = new Promise<>();
        refused = null;
    }

    /** Returns why the registry, although reachable, does not tell its central settings. */
    public Optional<String> problem() {
        return Optional.ofNullable(refused)
                .map(fault -> "the registry " + connection.address + " refuses to tell its central settings: "
                        + fault.message());
    }

    /** Sends a new request instead of waiting for an answer that may never arrive. */
    public synchronized void restart() {
        outcome.complete(new Outcome.Restarted());
    }

    @Override
    public void close() {
        closed = true;
        watchers.close();
        restart();
    }

    private void run() throws InterruptedException {
        int failures = 0;
        while (!closed) {
            Thread.interrupted(); // set by a subscriber
            long began = connection.time.nanoTime();
            long pause = 0;
            Promise<Outcome> asked = next();
            switch (ask(asked)) {
                case Outcome.Answered(var kept) -> {
                    failures = 0;
                    boolean hasty = kept.isEmpty()
                            && connection.time.nanoTime() - began
                                    < connection.policy.pauseMin().toNanos();
                    pause = hasty ? connection.pauseNanos(1) : 0; // a registry that is about to end
                    refused = null;
                    connection.answered(Requester.SETTINGS_CLIENT, "");
                    kept.ifPresent(each -> learn(asked, known(each)));
                }
                case Outcome.Failed(var fault) -> {
                    pause = connection.pauseNanos(++failures);
                    if (fault.code() == Code.UNIMPLEMENTED) { // an earlier version of Treaty
                        connection.answered(Requester.SETTINGS_CLIENT, "");
                        learn(asked, Known.of(Stored.NONE));
                        pause = UNSUPPORTED_NANOS;
                    } else if (RegistryConnection.isRefusal(fault)) {
                        connection.answered(Requester.SETTINGS_CLIENT, "");
                        boolean first = refused == null;
                        refused = fault;
                        if (first) {
                            problem().ifPresent(connection::refused);
                        }
                    } else {
                        connection.failed(Requester.SETTINGS_CLIENT, fault);
                    }
                }
                case Outcome.Restarted _ -> {}
            }
            if (pause > 0) {
                next().await(connection.time, pause);
            }
        }
    }

    /** Uses an answer, unless its request was given up when the last watcher ended. */
    private synchronized void learn(Promise<Outcome> asked, Known known) {
        if (asked == outcome) {
            current.set(known);
            loaded.complete(true);
        }
    }

    private synchronized Promise<Outcome> next() {
        outcome = new Promise<>();
        if (closed) {
            restart();
        }
        return outcome;
    }

    private synchronized boolean idle() {
        if (watching == 0) {
            forget();
        }
        return watching == 0;
    }

    private Outcome ask(Promise<Outcome> asked) throws InterruptedException {
        if (idle()) {
            connection.idle(Requester.SETTINGS_CLIENT);
            Outcome ended = asked.await(connection.time, LeaseKeeper.IDLE_NANOS);
            return ended == null ? new Outcome.Restarted() : ended;
        }
        Known known = current.known();
        String seen = known == null ? "" : known.mark();
        long waitNanos = RegistryService.WAIT_MAX.toNanos();
        // The request has its own thread, so that giving it up interrupts that thread and never this one.
        Thread request = BackgroundThread.startOnce("treaty-registry-settings-request", connection.events, () -> {
            try {
                long waitMillis = RegistryService.WAIT_MAX.toMillis();
                asked.complete(new Outcome.Answered(
                        connection.call(waitNanos + SLACK_NANOS, registry -> registry.settings(seen, waitMillis))));
            } catch (ServiceException e) {
                asked.complete(new Outcome.Failed(e.fault()));
            } catch (InterruptedException e) {
                asked.complete(new Outcome.Restarted());
            } catch (Error e) { // memory is short, for example
                asked.complete(new Outcome.Failed(Fault.of(Code.INTERNAL, "the request failed: " + e)));
                throw e;
            }
        });
        try {
            Outcome ended = asked.await(connection.time, waitNanos + 2 * SLACK_NANOS);
            return ended != null
                    ? ended
                    : new Outcome.Failed(Fault.of(Code.DEADLINE_EXCEEDED, "the request was not answered in time"));
        } finally {
            request.interrupt();
        }
    }
}
