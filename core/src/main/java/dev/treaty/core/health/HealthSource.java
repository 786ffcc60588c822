package dev.treaty.core.health;

import dev.treaty.core.discovery.ServiceHealth;

/**
 * A service that reports its own health. Treaty calls it every few seconds if the implementation of a contract is one.
 */
@FunctionalInterface
public interface HealthSource {
    /** Returns the current health without waiting; an exception counts as critical. */
    ServiceHealth health();
}
