package dev.treaty.cli.config;

import dev.treaty.config.ConfigurationSources;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select a profile and set single values, which the file and the environment do not. */
public final class LayerOptions {
    @Option(
            names = "--profile",
            paramLabel = "NAME",
            description = "Read treaty-NAME.yaml too, over treaty.yaml (default: $TREATY_PROFILE).")
    private @Nullable String profile;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set one value, over the files, central settings and the environment; repeatable.")
    private Map<String, String> values = new LinkedHashMap<>();

    /**
     * Returns the sources of settings that are selected.
     *
     * @param file empty for none
     */
    public ConfigurationSources sources(Optional<Path> file, Map<String, String> environment) {
        ConfigurationSources sources = file.map(path -> ConfigurationSources.of(path, environment))
                .orElseGet(() -> ConfigurationSources.of(environment));
        if (profile != null) {
            sources = sources.withProfile(profile);
        }
        return sources.withCommandLine(values);
    }

    /** Returns these options as variables of child processes: the profile. */
    public Map<String, String> environment() {
        var variables = new HashMap<String, String>();
        if (profile != null) {
            variables.put(ConfigurationSources.PROFILE, profile);
        }
        return variables;
    }

    /** Returns the values that are set, by key. */
    public Map<String, String> values() {
        return values;
    }
}
