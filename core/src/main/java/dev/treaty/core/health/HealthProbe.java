package dev.treaty.core.health;

import dev.treaty.core.discovery.ServiceHealth;

/** Determines the health of an instance from outside, for example by a request to it, and may wait for the answer. */
@FunctionalInterface
public interface HealthProbe {
    /**
     * Returns the current health; an exception counts as critical. Returns soon after its thread is interrupted.
     *
     * @throws InterruptedException if the check was canceled
     */
    ServiceHealth probe() throws InterruptedException;
}
