package dev.treaty.core.discovery;

/** A service that can say how it feels. An implementation that is also a health source is asked every few seconds. */
@FunctionalInterface
public interface HealthSource {
    /** How it feels now. It is quick; one that throws is taken to be critical. */
    ServiceHealth health();
}
