package dev.treaty.config;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * All central settings, with the history of the last changes. Immutable: a change returns the next state, and {@link
 * #change} stores it. Keys and values are texts here; {@link Settings} gives them a meaning.
 *
 * <p>A setting that has expired counts as removed, and the value that it had replaced does not return.
 */
public final class CentralSettings {
    /** The most settings. */
    public static final int SETTINGS_MAX = 1_000;

    /** The most changes in the history. */
    public static final int HISTORY_MAX = 100;

    /** The longest history, in characters of its text; older changes are dropped. */
    public static final int HISTORY_LENGTH_MAX = SettingsStore.TEXT_LENGTH_MAX / 2;

    /** The state before the first change. */
    public static final CentralSettings EMPTY = new CentralSettings(0, 0, List.of(), List.of());

    /** How often a change is tried that others come before. */
    private static final int TRIES = 100;

    private final long revision;

    /** The earliest revision to which the history reaches back. */
    private final long historyFrom;

    private final Map<String, CentralSetting> settings;

    /** In the order in which they were made. */
    private final List<Undo> changes;

    /**
     * One change of one setting.
     *
     * @param revision counted from 1; the changes of a rollback have the same one
     * @param before the value before the change; empty if the setting was not set
     * @param after the value after the change; empty if the setting was removed
     * @param expiresAt when the value after the change has no effect any more
     */
    public record Change(
            long revision,
            String key,
            Optional<String> before,
            Optional<String> after,
            String author,
            String reason,
            Instant at,
            Optional<Instant> expiresAt) {
        /** @throws IllegalArgumentException if a text is too long or not printable */
        public Change {
            CentralSetting.checkKey(key);
            Stream.concat(before.stream(), after.stream()).forEach(value -> CentralSetting.checkValue(key, value));
            CentralSetting.checkOrigin(author, reason);
        }
    }

    /**
     * A change with what is needed to undo it.
     *
     * @param beforeExpiresAt when the value before the change would have had no effect any more
     */
    record Undo(Change change, Optional<Instant> beforeExpiresAt) {}

    /** Who changes settings, why and when. */
    private record Origin(String author, String reason, Instant now) {
        Origin {
            CentralSetting.checkOrigin(author, reason);
        }
    }

    CentralSettings(long revision, long historyFrom, Collection<CentralSetting> settings, List<Undo> changes) {
        this.revision = revision;
        this.historyFrom = historyFrom;
        this.settings = new TreeMap<>();
        settings.forEach(each -> this.settings.put(each.key(), each));
        this.changes = List.copyOf(changes);
        if (this.settings.size() != settings.size()) {
            throw new IllegalArgumentException("a central setting is there twice");
        }
        if (settings.size() > SETTINGS_MAX) {
            throw new IllegalArgumentException(
                    "there are " + settings.size() + " central settings: at most " + SETTINGS_MAX + " are allowed");
        }
    }

    /**
     * Reads what a registry has stored.
     *
     * @throws IllegalArgumentException if it is not the text of central settings, or a newer version of Treaty has
     *     written it with fields that this one does not know: they are refused, since a change would drop them
     */
    public static CentralSettings parse(Stored stored) {
        return stored.text().isEmpty() ? EMPTY : CentralSettingsFormat.read(stored.text());
    }

    /** Returns the text to store: JSON with one setting or change on a line. */
    public String text() {
        return CentralSettingsFormat.write(revision, historyFrom, settings.values(), changes);
    }

    /** Returns the number of the last change; 0 if there is none. */
    public long revision() {
        return revision;
    }

    /** Returns the settings in effect at a time, in the order of their keys: without those that have expired. */
    public List<CentralSetting> settings(Instant now) {
        return settings.values().stream().filter(each -> each.isInEffect(now)).toList();
    }

    /** Returns when the next setting expires after a time: when {@link #settings} has to be read again. */
    public Optional<Instant> nextExpiry(Instant now) {
        return settings.values().stream()
                .flatMap(each -> each.expiresAt().stream())
                .filter(at -> at.isAfter(now))
                .min(Instant::compareTo);
    }

    /**
     * Returns the state in which a setting has a value.
     *
     * @param expiresAt when it has no effect any more; empty if it stays
     * @throws IllegalArgumentException if a text is too long or not printable, the expiry is not in the future, or
     *     there are too many settings
     */
    public CentralSettings set(
            String key, String value, String author, String reason, Instant now, Optional<Instant> expiresAt) {
        if (expiresAt.isPresent() && !expiresAt.get().isAfter(now)) {
            throw new IllegalArgumentException(
                    "the expiry of " + key + ", " + expiresAt.get() + ", is over: use a later one");
        }
        var after = new CentralSetting(key, value, author, reason, now, expiresAt, revision + 1);
        return next(Map.of(key, Optional.of(after)), new Origin(author, reason, now));
    }

    /**
     * Returns the state without a setting.
     *
     * @throws IllegalArgumentException if it is not set, or a text is too long or not printable
     */
    public CentralSettings unset(String key, String author, String reason, Instant now) {
        CentralSetting.checkKey(key);
        if (current(key, now).isEmpty()) {
            throw new IllegalArgumentException("there is no central setting " + key + ": nothing to remove");
        }
        return next(Map.of(key, Optional.empty()), new Origin(author, reason, now));
    }

    /**
     * Returns the state with the settings as they were after an earlier revision, as a new revision. Settings that have
     * expired since are not restored. If nothing differs, this state is returned.
     *
     * @param revision 0 for the state before the first change
     * @throws IllegalArgumentException if there is no such revision, or the history does not reach back to it
     */
    public CentralSettings rollback(long revision, String author, String reason, Instant now) {
        if (revision < 0 || revision > this.revision) {
            throw new IllegalArgumentException(
                    "there is no revision " + revision + " of the central settings: the last one is " + this.revision);
        }
        if (revision < historyFrom) {
            throw new IllegalArgumentException("the history of the central settings reaches back to revision "
                    + historyFrom + ", and not to " + revision);
        }
        var restored = new TreeMap<String, Optional<CentralSetting>>();
        for (Undo each : changes.reversed()) { // the last that is put is the earliest
            Change change = each.change;
            if (change.revision > revision) {
                restored.put(
                        change.key,
                        change.before
                                .map(value -> new CentralSetting(
                                        change.key,
                                        value,
                                        author,
                                        reason,
                                        now,
                                        each.beforeExpiresAt,
                                        this.revision + 1))
                                .filter(setting -> setting.isInEffect(now)));
            }
        }
        restored.entrySet().removeIf(each -> isSame(current(each.getKey(), now), each.getValue()));
        return restored.isEmpty() ? this : next(restored, new Origin(author, reason, now));
    }

    private static boolean isSame(Optional<CentralSetting> one, Optional<CentralSetting> other) {
        return one.map(CentralSetting::value).equals(other.map(CentralSetting::value))
                && one.flatMap(CentralSetting::expiresAt).equals(other.flatMap(CentralSetting::expiresAt));
    }

    private Optional<CentralSetting> current(String key, Instant now) {
        return Optional.ofNullable(settings.get(key)).filter(each -> each.isInEffect(now));
    }

    /** Returns the state in which these keys have these settings, or none. */
    private CentralSettings next(Map<String, Optional<CentralSetting>> keys, Origin origin) {
        var after = new TreeMap<>(settings);
        after.values().removeIf(each -> !each.isInEffect(origin.now));
        var history = new ArrayList<>(changes);
        keys.forEach((key, setting) -> {
            Optional<CentralSetting> before = current(key, origin.now);
            var change = new Change(
                    revision + 1,
                    key,
                    before.map(CentralSetting::value),
                    setting.map(CentralSetting::value),
                    origin.author,
                    origin.reason,
                    origin.now,
                    setting.flatMap(CentralSetting::expiresAt));
            history.add(new Undo(change, before.flatMap(CentralSetting::expiresAt)));
            setting.ifPresentOrElse(each -> after.put(key, each), () -> after.remove(key));
        });
        return trimmed(revision + 1, historyFrom, after.values(), history);
    }

    /** Returns a state without the oldest changes that are too many, always all of a revision. */
    private static CentralSettings trimmed(
            long revision, long historyFrom, Collection<CentralSetting> settings, List<Undo> history) {
        long from = historyFrom;
        int length = CentralSettingsFormat.write(revision, historyFrom, settings, List.of())
                .length();
        int left = Math.min(HISTORY_LENGTH_MAX, SettingsStore.TEXT_LENGTH_MAX - length);
        if (left < 0) {
            throw new IllegalArgumentException("the central settings would have " + length + " characters: at most "
                    + SettingsStore.TEXT_LENGTH_MAX + " are allowed");
        }
        int first = history.size();
        while (first > 0 && history.size() - first < HISTORY_MAX) {
            left -= CentralSettingsFormat.lengthOf(history.get(first - 1));
            if (left < 0) {
                break;
            }
            first--;
        }
        if (first > 0) {
            from = history.get(first - 1).change.revision;
        }
        long dropped = from;
        return new CentralSettings(
                revision,
                from,
                settings,
                history.stream().filter(each -> each.change.revision > dropped).toList());
    }

    /** Returns the last changes, the newest first. */
    public List<Change> history() {
        return changes.reversed().stream().map(Undo::change).toList();
    }

    /**
     * Applies a change to what a registry stores, and repeats it on the newer state if another change came first. A
     * change that returns the same state is not stored.
     *
     * @param change returns the next state; what it throws is passed on, and nothing is stored
     * @return the stored state
     * @throws IllegalArgumentException if what is stored is not the text of central settings
     * @throws UnsupportedOperationException if the registry cannot keep settings
     * @throws ServiceException if the registry does not respond, or others come first again and again
     */
    public static CentralSettings change(SettingsStore store, UnaryOperator<CentralSettings> change) {
        for (int i = 0; i < TRIES; i++) {
            Stored stored = store.read();
            CentralSettings before = parse(stored);
            CentralSettings after = change.apply(before);
            if (after == before || store.replace(stored.number(), after.text())) {
                return after;
            }
        }
        throw new ServiceException(Code.ABORTED, "the central settings change too often: try again");
    }
}
