package dev.treaty;

import dev.treaty.Introspection.ConfigurationStatus;
import dev.treaty.Introspection.SettingStatus;
import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.KeyPath;
import dev.treaty.config.Setting;
import dev.treaty.config.SettingChange;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of this process while it runs. They change when a file or a central setting changes, or a central
 * setting expires: then the next <em>generation</em> comes into force as a whole, and a call that has begun keeps its
 * generation to its end. Invalid settings are refused as a whole; the last valid ones stay, and {@link #refused} says
 * why.
 *
 * <p>Listeners run on one thread of their own, one after the other. None gets two changes at a time; if changes come
 * faster than a listener returns, it gets the last one. What a listener throws is reported and affects no other.
 *
 * <p>A key is the full one, such as {@code services.shop.Orders.deadline}; the application's own keys begin with {@code
 * app}. The description of this package has an example.
 */
public final class Configuration {
    /** The group of the application's own keys. */
    private static final String APP = "app";

    /** The most records that are checked with each change. */
    private static final int BOUND_MAX = 1_000;

    private static final Duration NEVER = Duration.ofDays(1);

    private final SettingsReload reload;
    private final Time time;
    private final Events events;
    private final Set<Bound> bound = ConcurrentHashMap.newKeySet();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Signal changed = new Signal();
    private @Nullable Thread thread; // guarded by the lock
    private boolean closed; // guarded by the lock

    /**
     * A change of one value.
     *
     * @param key the full key
     * @param before the text of the value before; empty if there was none. Secrets are masked
     * @param after the text of the value after; empty if there is none. Secrets are masked
     * @param at when it came into force in this process
     * @param who the author of the central setting, as it was stated; for other layers the origin of the value, such as
     *     {@code treaty.yaml:12}
     */
    public record Change(String key, Optional<String> before, Optional<String> after, Instant at, String who) {}

    /** A record that is bound to a group of the application's keys. */
    private record Bound(String path, Class<? extends Record> type) {}

    /** Looks for changes since its last look. */
    @FunctionalInterface
    private interface Listener {
        void look(Generation now);
    }

    Configuration(SettingsReload reload, Time time, Events events) {
        this.reload = reload;
        this.time = time;
        this.events = events;
    }

    /** The number of the generation in force, from 1. */
    public long generation() {
        return reload.generation().number();
    }

    /** The settings in force. */
    public Settings settings() {
        return reload.generation().settings();
    }

    /** Why the latest change was refused; empty if it was not. */
    public Optional<String> refused() {
        return reload.refused();
    }

    /** The keys that have changed since this process started, and keep their values until it starts again. */
    public List<String> restartNeeded() {
        return reload.generation().restartNeeded();
    }

    /** Returns the text of a value in force. Secrets are masked, except for those of the application itself. */
    public Optional<String> get(String key) {
        if (Generation.isAtOrBelow(key, APP)) {
            return reload.generation().read().app().get(relative(key));
        }
        return value(reload.generation(), key).map(Setting::value);
    }

    private static Optional<Setting> value(Generation generation, String key) {
        return generation.values().stream()
                .filter(setting -> setting.key().equals(key))
                .findFirst();
    }

    /**
     * Returns the texts of all values at or below a key, by their full keys.
     *
     * @param prefix the key of a group, such as {@code services.shop.Orders}; empty for all
     */
    public Map<String, String> getAll(String prefix) {
        var all = new LinkedHashMap<String, String>();
        for (Setting setting : reload.generation().values()) {
            if (Generation.isAtOrBelow(setting.key(), prefix)) {
                all.put(setting.key(), get(setting.key()).orElse(setting.value()));
            }
        }
        return all;
    }

    /** All values in force, with their origins. Secrets are masked. */
    public List<Setting> values() {
        return reload.generation().values();
    }

    // ------------------------------------------------------------------------------------------------- Central
    // settings

    /**
     * Sets a central setting without a reason and without an expiry.
     *
     * @see #set(String, String, String, Optional)
     */
    public void set(String key, String value) {
        set(key, value, "", Optional.empty());
    }

    /**
     * Sets a central setting: it applies to all processes that use the registry of this one, now and after a restart. A
     * value in their environment or command line goes before it. The author is the user of the operating system. It has
     * an effect soon after this has returned.
     *
     * @param value the text of the value, as in a file
     * @param reason why, for other operators; may be empty
     * @param expiry after which time it has no effect any more; empty to leave it until it is replaced or removed
     * @throws IllegalArgumentException if there is no such key, it cannot be set centrally, or the text is too long. A
     *     value that is not valid for a process is refused there
     * @throws UnsupportedOperationException if the registry keeps no central settings
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    public void set(String key, String value, String reason, Optional<Duration> expiry) {
        String full = requireCentral(key);
        change(now ->
                current -> current.set(full, value, CentralSetting.ownAuthor(), reason, now, expiry.map(now::plus)));
    }

    /**
     * Returns a key as it is stored, without quotes.
     *
     * @throws IllegalArgumentException if there is no such key, or it cannot be set centrally
     */
    public static String requireCentral(String key) {
        String full = KeyPath.parse(key).toString();
        SettingsReload.requireCentral(full);
        return full;
    }

    /**
     * Removes a central setting, so that the value of the layers below applies again.
     *
     * @throws IllegalArgumentException if it is not set
     * @throws UnsupportedOperationException if the registry keeps no central settings
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    public void unset(String key, String reason) {
        String full = KeyPath.parse(key).toString();
        change(now -> current -> current.unset(full, CentralSetting.ownAuthor(), reason, now));
    }

    private void change(Function<Instant, Function<CentralSettings, CentralSettings>> change) {
        CentralSettings.change(
                reload.store(), current -> change.apply(time.instant()).apply(current));
    }

    // ---------------------------------------------------------------------------------------------------------
    // Watching

    /**
     * Watches a value, or all values of a group, from now on.
     *
     * @param key of a value or of a group
     * @param on receives each value that has changed
     */
    public Subscription watch(String key, Consumer<Change> on) {
        var last = new Generation[] {reload.generation()};
        return add(now -> {
            Generation before = last[0];
            last[0] = now;
            if (now.number() != before.number()) {
                for (SettingChange change : before.read().changes(now.read())) {
                    if (Generation.isAtOrBelow(change.key(), key)) {
                        deliver(on, change.key(), change.before(), change.after(), now);
                    }
                }
            }
        });
    }

    /**
     * Watches a value of a service, from now on, also if it is that of all services because the service has none of its
     * own.
     *
     * @param key relative to the service, such as {@code deadline} or {@code balance.policy}
     * @param on receives each change, with the full key
     */
    public Subscription watch(ServiceName service, String key, Consumer<Change> on) {
        String full = "services." + service + "." + key;
        var last = new Generation[] {reload.generation()};
        return add(now -> {
            Optional<Setting> before = ofService(last[0], full, key);
            Optional<Setting> after = ofService(now, full, key);
            last[0] = now;
            if (!before.map(Setting::value).equals(after.map(Setting::value))) {
                deliver(on, full, before, after, now);
            }
        });
    }

    private static Optional<Setting> ofService(Generation generation, String full, String key) {
        return value(generation, full)
                .or(() -> value(generation, "defaults." + key))
                .or(() -> value(generation, key));
    }

    private void deliver(
            Consumer<Change> on, String key, Optional<Setting> before, Optional<Setting> after, Generation now) {
        guarded(() -> on.accept(new Change(
                key, before.map(Setting::value), after.map(Setting::value), now.at(), who(key, before, after, now))));
    }

    private static String who(String key, Optional<Setting> before, Optional<Setting> after, Generation now) {
        String origin = after.or(() -> before).map(Setting::origin).orElse("");
        boolean central = Stream.of(before, after)
                .flatMap(Optional::stream)
                .anyMatch(setting -> setting.origin().startsWith("central "));
        return central
                ? now.central().history().stream()
                        .filter(change -> Generation.isAtOrBelow(key, change.key()))
                        .findFirst()
                        .map(CentralSettings.Change::author)
                        .orElse(origin)
                : origin;
    }

    private void guarded(Runnable listener) {
        try {
            listener.run();
        } catch (Throwable e) { // which affects no other listener
            BackgroundThread.report("a listener of settings", events, e);
        }
    }

    /**
     * Reads a record from the application's own keys; its components are the keys in kebab case. From now on, a change
     * that is not valid for the record is refused as a whole.
     *
     * @param path the key of the group, such as {@code app.payments}
     * @throws dev.treaty.config.ConfigurationException if a value is missing or invalid, with every problem
     * @throws IllegalArgumentException if the key is not one of the application, or the record has a type that settings
     *     cannot have
     */
    public <R extends Record> R bind(String path, Class<R> type) {
        R read = bind(reload.generation().read(), path, type);
        if (bound.size() < BOUND_MAX) {
            bound.add(new Bound(path, type));
        }
        return read;
    }

    private static <R extends Record> R bind(Settings.Effective from, String path, Class<R> type) {
        return from.app().bind(relative(path), type);
    }

    private static String relative(String key) {
        if (!Generation.isAtOrBelow(key, APP)) {
            throw new IllegalArgumentException("the keys of the application begin with " + APP + ", unlike " + key);
        }
        return key.equals(APP) ? "" : key.substring(APP.length() + 1);
    }

    /**
     * Watches a record: passes the present one to a listener, and another one after each change of it.
     *
     * @see #bind
     */
    public <R extends Record> Subscription watch(String path, Class<R> type, Consumer<R> on) {
        bind(path, type); // throws if it is not valid
        var last = new ArrayList<R>();
        return add(now -> {
            R read = bind(now.read(), path, type);
            if (!last.contains(read)) {
                last.clear();
                last.add(read);
                guarded(() -> on.accept(read));
            }
        });
    }

    private Subscription add(Listener listener) {
        listeners.add(listener);
        lock.lock();
        try {
            if (thread == null && !closed) {
                Thread started = BackgroundThread.virtual("treaty-settings-listeners", time, events, this::listen);
                thread = started;
                started.start();
            }
        } finally {
            lock.unlock();
        }
        wake();
        return () -> listeners.remove(listener);
    }

    private void listen() throws InterruptedException {
        while (true) {
            Promise<Boolean> next = changed.next(); // before looking, so that no change is missed
            Generation now = reload.generation();
            for (Listener listener : listeners) {
                guarded(() -> listener.look(now));
            }
            next.await(time, NEVER.toNanos());
        }
    }

    /** Wakes the listeners, since there is another generation. */
    void wake() {
        changed.raise();
    }

    /** @throws IllegalArgumentException if settings are not valid for a record that the application has bound */
    void check(Settings.Effective read) {
        bound.forEach(each -> bind(read, each.path, each.type));
    }

    ConfigurationStatus status() {
        Generation now = reload.generation();
        return new ConfigurationStatus(now.number(), now.at(), refused(), now.restartNeeded());
    }

    List<SettingStatus> status(String prefix) {
        return values().stream()
                .filter(setting -> Generation.isAtOrBelow(setting.key(), prefix))
                .map(setting -> new SettingStatus(setting.key(), setting.value(), setting.origin()))
                .toList();
    }

    void close() {
        Thread running;
        lock.lock();
        try {
            closed = true;
            running = thread;
        } finally {
            lock.unlock();
        }
        if (running != null) {
            running.interrupt();
        }
        reload.close();
    }
}
