package dev.treaty.registry.server;

import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;

/** What is wrong with a registry, by part: emitted when it begins and when it is over, and shown by its health. */
public final class Problems {
    /** The most parts with a problem; those of further ones are not noticed before others are over. */
    private static final int PARTS_MAX = 100;

    private final String registry;
    private final Map<String, String> present = new ConcurrentSkipListMap<>();

    /** @param registry the registry as events name it */
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

    public void begin(String part, String message, Events events) {
        if (present.size() >= PARTS_MAX && !present.containsKey(part)) {
            return;
        }
        if (present.put(part, message) == null) {
            events.emit(new Event.RegistryChanged(registry, true, true, message));
        }
    }

    public void end(String part, String message, Events events) {
        if (present.remove(part) != null) {
            events.emit(new Event.RegistryChanged(registry, true, false, message));
        }
    }

    /** Ends the problems of all parts that match. */
    public void end(Predicate<String> parts, String message, Events events) {
        present.keySet().stream().filter(parts).forEach(part -> end(part, message, events));
    }

    Optional<String> of(String part) {
        return Optional.ofNullable(present.get(part));
    }

    /** Returns the problem of the first part that begins so. */
    public Optional<String> first(String prefix) {
        return present.entrySet().stream()
                .filter(each -> each.getKey().startsWith(prefix))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** Returns all problems as one text, in the order of the parts. */
    public Optional<String> text() {
        return present.values().stream().reduce((one, other) -> one + "; " + other);
    }
}
