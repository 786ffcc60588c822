package dev.treaty.core.event;

/**
 * Receives the events that Treaty emits. It must neither block nor fail; a slow subscriber drops events.
 *
 * @see EventStream
 */
@FunctionalInterface
public interface Events {
    /** Discards all events. */
    Events NONE = _ -> {};

    /** Passes an event to all subscribers. */
    void emit(Event event);
}
