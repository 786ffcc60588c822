package dev.treaty.core.event;

/**
 * Where events go. Emitting never fails and never waits: whoever subscribes keeps up or drops.
 *
 * @see EventStream
 */
@FunctionalInterface
public interface Events {
    /** Nobody listens. */
    Events NONE = _ -> {};

    /** Tells whoever listens. */
    void emit(Event event);
}
