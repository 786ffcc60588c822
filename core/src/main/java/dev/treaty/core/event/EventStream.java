package dev.treaty.core.event;

import dev.treaty.core.discovery.Subscription;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The event stream of a process. Subscribers are called on the thread that emits, in the order of their subscriptions;
 * they must not block. If a subscriber throws, its exception or error is logged, and the others still receive
 * the event.
 */
public final class EventStream implements Events {
    private final List<Events> subscribers = new CopyOnWriteArrayList<>();

    /** Calls the subscriber for every further event until the subscription is closed. */
    public Subscription subscribe(Events subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    /** Returns events whose exceptions and errors never reach the code that emits. */
    public static Events guarded(Events events) {
        if (events instanceof EventStream || events.equals(NONE)) {
            return events;
        }
        var stream = new EventStream();
        stream.subscribers.add(events);
        return stream;
    }

    @Override
    public void emit(Event event) {
        for (Events subscriber : subscribers) {
            try {
                subscriber.emit(event);
            } catch (Throwable e) { // of any kind: a subscriber never decides what happens to a call
                BackgroundThread.report("subscriber " + subscriber.getClass().getName(), Events.NONE, e);
            }
        }
    }
}
