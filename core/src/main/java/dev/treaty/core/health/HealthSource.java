package dev.treaty.core.health;

import dev.treaty.core.discovery.ServiceHealth;

/**
 * Reports the health of a service: Treaty calls it every few seconds if the implementation of a contract implements it
 * too.
 */
@FunctionalInterface
public interface HealthSource {
    /** Returns the current health without waiting; an exception counts as critical. */
    ServiceHealth health();
}
