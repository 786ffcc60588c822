package dev.treaty.config;

/** The checks that settings share. */
final class SettingChecks {
    private SettingChecks() {}

    static void notBlank(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(name + " is empty: set a value, or remove the key");
        }
    }
}
