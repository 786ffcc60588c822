package dev.treaty.core.discovery;

import dev.treaty.core.call.ServiceException;
import java.util.function.Consumer;

/**
 * The central settings of all processes that use one registry, kept there as one text. The registry gives the text no
 * meaning. It is replaced as a whole, and only by a writer that knows the text it replaces, so that of two concurrent
 * changes none is lost.
 */
public interface SettingsStore {
    /** The longest text, in characters. */
    int TEXT_LENGTH_MAX = 256 * 1024;

    /**
     * The text that a registry holds.
     *
     * @param number 1 more with each replacement; 0 if nothing is stored. It goes back if the registry is restored
     *     to an earlier state or restarts empty
     */
    record Stored(long number, String text) {
        /** Nothing is stored. */
        public static final Stored NONE = new Stored(0, "");

        /** @throws IllegalArgumentException if the number is negative, or 0 with a text */
        public Stored {
            if (number < 0 || (number == 0 && !text.isEmpty())) {
                throw new IllegalArgumentException("stored settings have number " + number + ": use 1 or more");
            }
        }
    }

    /**
     * Reads the stored text from the registry.
     *
     * @return {@link Stored#NONE} if nothing is stored
     * @throws ServiceException if the registry does not respond
     */
    Stored read();

    /**
     * Replaces the stored text if it is the expected one; the next number is 1 more.
     *
     * @param expected number of the text that this one replaces, as read before; 0 if nothing is stored
     * @param text JSON of at most {@value #TEXT_LENGTH_MAX} characters, {@linkplain
     *     dev.treaty.core.text.PrintableText#json printable} except for line feeds
     * @return false if another text is stored, and nothing was replaced: read again
     * @throws IllegalArgumentException if the text is too long or not printable
     * @throws UnsupportedOperationException if this registry cannot keep settings; the message says what to do instead
     * @throws ServiceException if the registry does not respond, or refuses; if it does not respond, the text may have
     *     been replaced
     */
    default boolean replace(long expected, String text) {
        return replace(expected, new Stored(expected + 1, text));
    }

    /**
     * Replaces the stored text like {@link #replace(long, String)} and sets its number, for a registry that keeps a
     * copy of what another one stores.
     *
     * @param next its number is 1 or more and not below the expected one
     */
    boolean replace(long expected, Stored next);

    /**
     * Watches the stored text. The current one comes first, before this method returns if the registry responds soon;
     * then each later one without polling. Several replacements in quick succession may appear as the last of them.
     * The watch continues after outages of the registry: then the listener receives what the registry holds now, also
     * if that is an earlier text or nothing.
     *
     * @param on called on this thread or on a thread of the registry, never concurrently. If it throws, it is still
     *     called for the next text
     * @throws IllegalStateException if there are too many watchers, or the registry is closed
     */
    Subscription watch(Consumer<Stored> on);

    /**
     * Returns the store of a registry that keeps no central settings: nothing is stored, and replacing it fails.
     *
     * @param registry the registry as messages name it, such as its address
     */
    static SettingsStore unsupported(String registry) {
        return new SettingsStore() {
            @Override
            public Stored read() {
                return Stored.NONE;
            }

            @Override
            public boolean replace(long expected, Stored next) {
                throw new UnsupportedOperationException("the registry " + registry
                        + " keeps no central settings: edit treaty.yaml, which is reloaded, or use a registry server,"
                        + " etcd or ZooKeeper");
            }

            @Override
            public Subscription watch(Consumer<Stored> on) {
                on.accept(Stored.NONE);
                return () -> {};
            }
        };
    }
}
