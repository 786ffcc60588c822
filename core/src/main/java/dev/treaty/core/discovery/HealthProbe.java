package dev.treaty.core.discovery;

/**
 * Checks the health of an instance by a request, and may wait for the response. In contrast, a {@link HealthSource} is
 * part of the service and reports its own health.
 */
@FunctionalInterface
public interface HealthProbe {
    /** Returns the current health; an exception means critical. It ends when its thread is interrupted. */
    ServiceHealth probe() throws InterruptedException;
}
