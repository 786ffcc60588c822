package dev.treaty.core.health;

import dev.treaty.core.discovery.ServiceHealth;

/**
 * Reports the health of a service. The implementation of a contract may implement it too: Treaty then calls it every
 * few seconds.
 */
@FunctionalInterface
public interface HealthSource {
    /** Returns the current health without waiting; an exception counts as critical. */
    ServiceHealth health();
}
