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

    /** Returns a receiver of the same events that never fails: whatever this one throws is logged. */
    default Events harmless() {
        if (equals(NONE)) {
            return this;
        }
        return event -> {
            try {
                emit(event);
            } catch (Throwable e) {
                BackgroundThread.report("an event receiver", NONE, e);
            }
        };
    }
}
