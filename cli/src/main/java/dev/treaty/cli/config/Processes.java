package dev.treaty.cli.config;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.config.Setting;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.util.List;
import java.util.Optional;

/** The settings in force in running processes. */
final class Processes {
    private Processes() {}

    /**
     * Returns all settings of the process of an instance.
     *
     * @throws dev.treaty.cli.CommandFailed if no such instance is registered
     */
    static List<Setting> settings(Treaty treaty, String id) {
        return settings(treaty, RegistryOptions.instance(treaty, id).endpoint(), "");
    }

    /**
     * Returns what the process of an instance says of its settings; empty for a process of an earlier version.
     *
     * @throws dev.treaty.cli.CommandFailed if no such instance is registered
     */
    static Optional<Introspection.ConfigurationStatus> status(Treaty treaty, String id) {
        try (var direct = treaty.direct(
                Introspection.class, RegistryOptions.instance(treaty, id).endpoint())) {
            return direct.client().status().configuration();
        }
    }

    /** Returns the settings of a process at or below a key. */
    static List<Setting> settings(Treaty treaty, ServiceEndpoint endpoint, String prefix) {
        try (var direct = treaty.direct(Introspection.class, endpoint)) {
            return direct.client().settings(prefix).stream()
                    .map(each -> new Setting(each.key(), each.value(), each.origin()))
                    .toList();
        }
    }
}
