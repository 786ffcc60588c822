package dev.treaty.config;

import java.util.Optional;

/**
 * What differs between two readings in one key.
 *
 * @param key the full key
 * @param before the value before, masked, with its origin; empty if there was none
 * @param after the value after, masked, with its origin; empty if there is none
 */
public record SettingChange(String key, Optional<Setting> before, Optional<Setting> after) {}
