package dev.treaty.registry.server;

import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** What is wrong with a registry, by part: emitted when it begins and when it is over, and shown by its health. */
final class Problems {
    private final Map<String, String> present = new ConcurrentSkipListMap<>();

    void begin(String part, String message, Events events) {
        if (present.put(part, message) == null) {
            events.emit(new Event.RegistryChanged(RegistryService.SELF, true, true, message));
        }
    }

    void end(String part, String message, Events events) {
        if (present.remove(part) != null) {
            events.emit(new Event.RegistryChanged(RegistryService.SELF, true, false, message));
        }
    }

    Optional<String> of(String part) {
        return Optional.ofNullable(present.get(part));
    }

    /** Returns all problems as one text; empty if there is none. */
    String text() {
        return String.join("; ", present.values());
    }
}
