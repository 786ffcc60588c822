package dev.treaty.config;

import java.util.Map;
import java.util.Optional;

/**
 * The settings of the application: the subtree {@code app}. Treaty does not know its keys, so they are text until the
 * application binds a record to them. All keys here are relative to {@code app}.
 */
public final class AppSettings {
    AppSettings() {}

    /** Returns the text of a value, such as that of {@code payments.currency}; of a list, its elements with commas. */
    public Optional<String> get(String key) {
        return Optional.empty();
    }

    /**
     * Returns the texts of all values below a key, by their keys relative to {@code app}.
     *
     * @param prefix a key; empty for all
     */
    public Map<String, String> getAll(String prefix) {
        return Map.of();
    }

    /**
     * Reads a record of the application. Each component is a key in kebab case ({@code retryMax} is {@code retry-max}).
     * A component that is not set has its value in the record's constant {@code DEFAULT}, or that of its annotation
     * {@link dev.treaty.core.contract.DefaultValue}; a component without either must be set. The constructor validates.
     *
     * @param path the key of the group; empty for all of {@code app}
     * @throws ConfigurationException if a value is missing or invalid, or a key or variable unknown, with every problem
     * @throws IllegalArgumentException if the record has a type that settings cannot have, or is not open to this module
     */
    public <R extends Record> R bind(String path, Class<R> type) {
        throw new UnsupportedOperationException();
    }
}
