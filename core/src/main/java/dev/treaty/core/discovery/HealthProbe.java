package dev.treaty.core.discovery;

/**
 * Finds out how an instance feels, by asking it. A {@link HealthSource} says it of itself; this asks somebody else, and
 * may have to wait for the answer.
 */
@FunctionalInterface
public interface HealthProbe {
    /** How it feels now. One that throws is taken to be critical. It ends when its thread is interrupted. */
    ServiceHealth probe() throws InterruptedException;
}
