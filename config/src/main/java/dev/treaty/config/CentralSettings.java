package dev.treaty.config;

import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * All central settings, with the history of the last changes. Immutable: a change returns the next state, and {@link
 * #change} stores it. Keys and values are texts here; {@link Settings} gives them a meaning.
 */
public final class CentralSettings {
    /** The most changes in the history. */
    public static final int HISTORY_MAX = 100;

    /** The state before the first change. */
    public static final CentralSettings EMPTY = new CentralSettings();

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
            Optional<Instant> expiresAt) {}

    private CentralSettings() {}

    /**
     * Reads what a registry has stored.
     *
     * @throws IllegalArgumentException if it is not the text of central settings, or a newer version of Treaty has
     *     written it with fields that this one does not know
     */
    public static CentralSettings parse(Stored stored) {
        throw new UnsupportedOperationException();
    }

    /** Returns the text to store: JSON. */
    public String text() {
        throw new UnsupportedOperationException();
    }

    /** Returns the number of the last change; 0 if there is none. */
    public long revision() {
        throw new UnsupportedOperationException();
    }

    /** Returns the settings that are in effect at a time, in the order of their keys: without those that have expired. */
    public List<CentralSetting> settings(Instant now) {
        throw new UnsupportedOperationException();
    }

    /** Returns when the next setting expires after a time: when {@link #settings} has to be read again. */
    public Optional<Instant> nextExpiry(Instant now) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the state in which a setting has a value.
     *
     * @param expiresAt when it has no effect any more; empty if it stays
     * @throws IllegalArgumentException if a text is too long or not printable, the expiry is not in the future, or there
     *     are too many settings
     */
    public CentralSettings set(
            String key, String value, String author, String reason, Instant now, Optional<Instant> expiresAt) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the state without a setting.
     *
     * @throws IllegalArgumentException if it is not set, or a text is too long or not printable
     */
    public CentralSettings unset(String key, String author, String reason, Instant now) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the state with the settings as they were after an earlier revision, as a new revision. Settings that have
     * expired since are not restored.
     *
     * @param revision 0 for the state before the first change
     * @throws IllegalArgumentException if there is no such revision, or the history does not reach back to it
     */
    public CentralSettings rollback(long revision, String author, String reason, Instant now) {
        throw new UnsupportedOperationException();
    }

    /** Returns the last changes, the newest first. */
    public List<Change> history() {
        throw new UnsupportedOperationException();
    }

    /**
     * Applies a change to what a registry stores, and repeats it on the newer state if another change came first.
     *
     * @param change returns the next state; what it throws is passed on, and nothing is stored
     * @return the stored state
     * @throws UnsupportedOperationException if the registry cannot keep settings
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond, or other changes came first too
     *     often
     */
    public static CentralSettings change(SettingsStore store, UnaryOperator<CentralSettings> change) {
        throw new UnsupportedOperationException();
    }
}
