package dev.treaty.admin;

import dev.treaty.Control;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Guards;
import dev.treaty.resilience.IsolationLevel;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Implements {@link Control}: changes and resets the guards of a process while calls run.
 *
 * @param guards the guards of the process
 */
public record GuardControl(Guards guards) implements Control {
    @Override
    public boolean level(String service, IsolationLevel level) {
        return change(service, guard -> guard.level(level));
    }

    @Override
    public boolean reset(String service) {
        return change(service, Guard::reset);
    }

    private boolean change(String service, Consumer<Guard> change) {
        Optional<Guard> guard = guards.find(service);
        guard.ifPresent(change);
        return guard.isPresent();
    }
}
