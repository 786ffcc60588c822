package dev.treaty.config;

import dev.treaty.core.event.Events;

/**
 * Notices changes of the files of {@link ConfigurationSources}: of the file, of the profile, of the directory, and of
 * what they link to, as when Kubernetes replaces a ConfigMap. The platform reports changes; if it cannot, an event says
 * so, and the files are compared every few seconds. Only a change of what would be read counts, and a burst of changes
 * counts once.
 *
 * <p>Start it before the first reading, so that no change between both is lost.
 */
public final class ConfigurationWatch implements AutoCloseable {
    private ConfigurationWatch() {}

    /**
     * Starts to watch.
     *
     * @param changed runs on the thread of the watch after each change; it may block. What it throws becomes an event
     * @param events receives failures
     */
    public static ConfigurationWatch start(ConfigurationSources sources, Runnable changed, Events events) {
        throw new UnsupportedOperationException();
    }

    /** Ends the watch; {@code changed} may run once more if it runs now. */
    @Override
    public void close() {}
}
