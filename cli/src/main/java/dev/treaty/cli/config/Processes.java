package dev.treaty.cli.config;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.config.Setting;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.List;

/** The settings in force in running processes. */
final class Processes {
    private Processes() {}

    /**
     * Returns all settings of the process of an instance.
     *
     * @throws CommandFailed if no such instance is registered
     */
    static List<Setting> settings(Treaty treaty, String id) {
        ServiceInstance found = RegistryOptions.instances(treaty).values().stream()
                .flatMap(List::stream)
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new CommandFailed("no instance " + id + " is registered"));
        return settings(treaty, found.endpoint(), "");
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
