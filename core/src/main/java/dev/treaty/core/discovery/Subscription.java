package dev.treaty.core.discovery;

/** A watch or subscription that is active until it is closed. Closing it again has no effect. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
