package dev.treaty.core.discovery;

/** Reports the health of a service. If an implementation of a contract is a health source, it is polled. */
@FunctionalInterface
public interface HealthSource {
    /** Returns the current health without waiting; an exception means critical. */
    ServiceHealth health();
}
