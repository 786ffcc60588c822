package dev.treaty.core.event;

import dev.treaty.core.discovery.Subscription;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Delivers all events of a process to its subscribers. They are called on the thread that emits, in the order of their
 * subscriptions, and must not block. If a subscriber throws, the others still receive the event; its first exception or
 * error for each kind of event is logged.
 */
public final class EventStream implements Events {
    private final List<Events> subscribers = new CopyOnWriteArrayList<>();
    private final Set<Failure> failed = ConcurrentHashMap.newKeySet();

    private record Failure(Events subscriber, Class<?> event) {}

    /** Calls the subscriber for every further event until the subscription is closed. */
    public Subscription subscribe(Events subscriber) {
        subscribers.add(subscriber);
        return () -> {
            subscribers.remove(subscriber);
            failed.removeIf(failure -> failure.subscriber.equals(subscriber));
        };
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
            } catch (Throwable e) { // of any kind: a subscriber that fails does not affect the call
                if (failed.add(new Failure(subscriber, event.getClass()))) {
                    BackgroundThread.report(
                            "subscriber " + subscriber.getClass().getName(), Events.NONE, e);
                }
            }
        }
    }
}
