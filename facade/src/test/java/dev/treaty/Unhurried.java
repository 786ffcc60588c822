package dev.treaty;

import dev.treaty.config.Settings;
import java.util.Map;

/** Settings for tests that are not about time: nothing is given up because a busy machine takes long over it. */
final class Unhurried {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "TREATY_CLIENT_CONNECT_TIMEOUT", "1m",
            "TREATY_DEFAULTS_DEADLINE", "1m",
            "TREATY_DEFAULTS_ATTEMPT_TIMEOUT", "1m",
            "TREATY_BALANCE_SLOW_START_WINDOW", "0s");

    private Unhurried() {}

    /** These settings, with time for everything. */
    static Settings settings(String yaml) {
        return Settings.parse("test", yaml, ENVIRONMENT);
    }
}
