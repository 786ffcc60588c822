package dev.treaty.registry.server;

import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** What is wrong with a registry, by part: emitted when it begins and when it is over, and shown by its health. */
public final class Problems {
    private final String registry;
    private final Map<String, String> present = new ConcurrentSkipListMap<>();

    /** @param registry the name of the registry in events */
    public Problems(String registry) {
        this.registry = registry;
    }

    /**
     * Records whether a part has a problem.
     *
     * @param over the message of the event when it has none any more
     */
    public void set(String part, Optional<String> problem, String over, Events events) {
        problem.ifPresentOrElse(message -> begin(part, message, events), () -> end(part, over, events));
    }

    void begin(String part, String message, Events events) {
        if (present.put(part, message) == null) {
            events.emit(new Event.RegistryChanged(registry, true, true, message));
        }
    }

    void end(String part, String message, Events events) {
        if (present.remove(part) != null) {
            events.emit(new Event.RegistryChanged(registry, true, false, message));
        }
    }

    Optional<String> of(String part) {
        return Optional.ofNullable(present.get(part));
    }

    /** Returns all problems as one text, in the order of the parts. */
    public Optional<String> text() {
        return present.values().stream().reduce((one, other) -> one + "; " + other);
    }
}
