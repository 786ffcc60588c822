package dev.treaty.core.event;

import dev.treaty.core.discovery.Subscription;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The one stream of events of a process. Subscribers are called in the order they came, on the thread that emits, so
 * they are quick and do not wait. One that throws is cut off from nothing and hurts nobody: its exception goes to the
 * thread's uncaught-exception handler and the others still get the event.
 */
public final class EventStream implements Events {
    private final List<Events> subscribers = new CopyOnWriteArrayList<>();

    /** Calls the subscriber for every event from now on, until the subscription is closed. */
    public Subscription subscribe(Events subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    @Override
    public void emit(Event event) {
        for (Events subscriber : subscribers) {
            try {
                subscriber.emit(event);
            } catch (RuntimeException e) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
        }
    }
}
