package dev.treaty.core.discovery;

import java.util.Arrays;

/** Why an instance was removed. Between processes a reason travels as its {@link #text}, followed by details if any. */
public enum RemovalReason {
    /** Its process closed the registration. */
    CLOSED("closed"),
    /** Its lease was not renewed. */
    LEASE_EXPIRED("lease expired"),
    /** It was critical for longer than the registry allows. */
    CRITICAL("critical for "),
    /** A backend lists it no longer, for a reason that was missed. */
    NOT_LISTED("not listed any more"),
    /** What a backend has of it cannot be read. */
    NOT_READABLE("not readable any more"),
    /** A registry that was unreachable for a time lists it no longer. */
    MISSED("gone while the registry could not be followed"),
    /** It was removed while its watcher was too far behind to learn why. */
    BEHIND("gone while its watcher was behind"),
    /** It did not register again after a restart of the registry. */
    NOT_REGISTERED_AGAIN("did not register again after the registry restarted"),
    /** It belongs to a secondary registry, and instances of a primary one accept calls. */
    HIDDEN("instances of a registry before its own take calls"),
    /** Any other reason. */
    OTHER("");

    private final String text;

    RemovalReason(String text) {
        this.text = text;
    }

    /** Returns the text that watchers and other processes receive. */
    public String text() {
        return text;
    }

    /** Returns the reason that a text begins with. */
    public static RemovalReason of(String text) {
        return Arrays.stream(values())
                .filter(reason -> text.startsWith(reason.text))
                .findFirst()
                .orElse(OTHER);
    }
}
