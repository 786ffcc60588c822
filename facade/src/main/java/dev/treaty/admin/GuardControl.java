package dev.treaty.admin;

import dev.treaty.Control;
import dev.treaty.client.Callers;
import dev.treaty.client.ServiceCaller;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Guards;
import dev.treaty.resilience.IsolationLevel;
import java.util.Optional;

/** Implements {@link Control}: changes and resets the guards of a process while calls run. */
public final class GuardControl implements Control {
    private final Guards guards;
    private final Callers callers;

    public GuardControl(Guards guards, Callers callers) {
        this.guards = guards;
        this.callers = callers;
    }

    @Override
    public boolean level(String service, IsolationLevel level) {
        Optional<Guard> guard = guards.find(service);
        guard.ifPresent(found -> found.level(level));
        return guard.isPresent();
    }

    @Override
    public boolean reset(String service) {
        ServiceCaller caller = callers.known(service);
        if (caller != null) {
            caller.reset();
        }
        return caller != null;
    }
}
