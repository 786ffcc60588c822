package dev.treaty.registry;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.CurrentSettings;
import dev.treaty.registry.changes.CurrentSettings.Known;
import dev.treaty.registry.changes.SettingsWatchers;
import dev.treaty.registry.server.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The central settings of several registries: those with the highest number, of the first registry that has them. A
 * change is decided by the first registry that responds and can keep settings; the others get copies. A registry that
 * has fallen behind, since it was away, gets a copy with the next change, or once it is back if a process watches.
 */
final class JointSettings implements SettingsStore, AutoCloseable {
    /** The pause before a registry that is behind and does not respond gets its copy. */
    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    private final List<Member> members;
    private final Time time;
    private final CurrentSettings current = new CurrentSettings(null);
    private final SettingsWatchers watchers;
    private final Signal changed = new Signal();
    private @Nullable Thread thread; // guarded by this
    private volatile boolean closed;

    /** One of the registries. */
    private static final class Member {
        final SettingsStore store;

        /** What its watch has shown last; null for nothing. */
        volatile @Nullable Stored seen;

        /** Whether it has said that it keeps no settings. */
        volatile boolean unsupported;

        Member(SettingsStore store) {
            this.store = store;
        }
    }

    JointSettings(List<SettingsStore> stores, Time time) {
        this.members = stores.stream().map(Member::new).toList();
        this.time = time;
        this.watchers = new SettingsWatchers(current, time, Events.NONE);
    }

    /** What a registry holds. */
    private record Holding(Member by, Stored stored) {}

    /** Reads from all that respond; throws if none does. */
    private List<Holding> readAll() {
        var holdings = new ArrayList<Holding>();
        ServiceException failure = null;
        for (Member each : members) {
            try {
                holdings.add(new Holding(each, each.store.read()));
            } catch (ServiceException e) {
                failure = failure == null ? e : failure;
            } catch (UnsupportedOperationException _) {
                each.unsupported = true;
            }
        }
        if (holdings.isEmpty() && failure != null) {
            throw failure;
        }
        return holdings;
    }

    private static Stored highest(List<Stored> all) {
        Stored highest = Stored.NONE;
        for (Stored each : all) {
            highest = each.number() > highest.number() ? each : highest;
        }
        return highest;
    }

    @Override
    public Stored read() {
        return highest(readAll().stream().map(Holding::stored).toList());
    }

    @Override
    public boolean replace(long expected, Stored next) {
        Requests.checkSettings(expected, next);
        List<Holding> holdings = readAll();
        if (highest(holdings.stream().map(Holding::stored).toList()).number() != expected) {
            return false;
        }
        boolean decided = false;
        UnsupportedOperationException unsupported = null;
        ServiceException failure = null;
        for (Holding each : holdings) {
            try {
                if (decided) {
                    copy(each.by.store, next);
                } else if (each.by.store.replace(each.stored.number(), next)) {
                    decided = true;
                } else {
                    return false;
                }
            } catch (UnsupportedOperationException e) {
                each.by.unsupported = true;
                unsupported = e;
            } catch (ServiceException e) {
                failure = e;
                if (!decided && e.code() != Code.PERMISSION_DENIED) {
                    throw e; // whether it has decided is not known
                }
            }
        }
        if (decided) {
            return true;
        }
        throw failure != null
                ? failure
                : Objects.requireNonNullElseGet(
                        unsupported, () -> new UnsupportedOperationException("no registry keeps central settings"));
    }

    /** Lets a registry keep the same settings, unless it has those or a later change. */
    private static void copy(SettingsStore store, Stored settings) {
        Stored there = store.read();
        while (isBehind(there, settings) && !store.replace(there.number(), settings)) {
            there = store.read();
        }
    }

    /** Whether a registry lacks settings; another text with the same number has lost the decision. */
    private static boolean isBehind(Stored there, Stored settings) {
        return there.number() < settings.number() || (there.number() == settings.number() && !there.equals(settings));
    }

    @Override
    public Subscription watch(Consumer<Stored> on) {
        open();
        return watchers.open(on, () -> {});
    }

    /** Watches the registries from now on. */
    private void open() {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the joint registry is closed");
            }
            if (thread != null) {
                return;
            }
            thread = BackgroundThread.virtual("treaty-joint-settings", time, Events.NONE, this::run);
        }
        for (Member each : members) {
            each.store.watch(
                    stored -> { // closed with the registry
                        each.seen = stored;
                        changed.raise();
                    });
        }
        merge();
        Objects.requireNonNull(thread).start();
    }

    /** Shows the highest settings that are known; returns them. */
    private Stored merge() {
        var seen = new ArrayList<Stored>();
        for (Member each : members) {
            Stored stored = each.seen;
            if (stored != null) {
                seen.add(stored);
            }
        }
        Stored highest = highest(seen);
        Known before = current.known();
        if (!seen.isEmpty() && (before == null || !before.stored().equals(highest))) {
            current.set(Known.of(highest));
        }
        return highest;
    }

    private void run() throws InterruptedException {
        while (!closed) {
            Promise<Boolean> next = changed.next(); // before looking, so that no change is missed
            Stored highest = merge();
            boolean behind = false;
            for (Member each : members) {
                Stored seen = each.seen;
                if (seen != null && isBehind(seen, highest) && !each.unsupported) {
                    behind |= !copied(each, highest);
                }
            }
            next.await(time, behind ? RETRY_NANOS : IDLE_NANOS);
        }
    }

    private static boolean copied(Member member, Stored settings) {
        try {
            copy(member.store, settings);
            return true;
        } catch (UnsupportedOperationException _) {
            member.unsupported = true;
        } catch (ServiceException _) {
            // it does not respond, or this process may only read it
        }
        return false;
    }

    @Override
    public void close() {
        closed = true;
        watchers.close();
        changed.raise();
    }
}
