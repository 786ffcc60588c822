package dev.treaty.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a process reads its settings. The layers, of which each overrides those before it: defaults, the file, the file
 * of the profile ({@code treaty-prod.yaml} beside {@code treaty.yaml}), the files of the directory in the order of their
 * names, central settings, the environment, the command line. Groups of keys are merged key by key; a value or a list
 * replaces that of the layers below.
 *
 * @param file the file; empty for none, and then there is neither a profile nor a directory beside it
 * @param profile the name of the profile, such as {@code prod}; its file must exist. Empty for none
 * @param directory the directory with further files ({@code *.yaml}, {@code *.yml}); it must exist. Empty for {@code
 *     conf.d} beside the file, if that exists when it is read. Names that begin with a dot are skipped
 * @param environment the variables, usually {@code System.getenv()}; those that begin with {@code TREATY_} are settings
 * @param commandLine values by key, as {@code --set KEY=VALUE} has them
 */
public record ConfigurationSources(
        Optional<Path> file,
        Optional<String> profile,
        Optional<Path> directory,
        Map<String, String> environment,
        Map<String, String> commandLine) {

    /** Copies the maps. */
    public ConfigurationSources {
        environment = Map.copyOf(environment);
        commandLine = Map.copyOf(commandLine);
    }

    /** Returns the sources of a file, with the profile and the directory of {@code TREATY_PROFILE} and {@code
     * TREATY_CONFIG_DIRECTORY}. */
    public static ConfigurationSources of(Path file, Map<String, String> environment) {
        return new ConfigurationSources(Optional.of(file), Optional.empty(), Optional.empty(), environment, Map.of());
    }

    /** Returns the environment alone, and the directory of {@code TREATY_CONFIG_DIRECTORY}, if that is set. */
    public static ConfigurationSources of(Map<String, String> environment) {
        return new ConfigurationSources(Optional.empty(), Optional.empty(), Optional.empty(), environment, Map.of());
    }

    /**
     * Reads all layers.
     *
     * @param central the central settings, without those that have expired
     * @throws ConfigurationException if anything is wrong, with every problem
     */
    public Settings.Effective read(List<CentralSetting> central) {
        throw new UnsupportedOperationException();
    }

    /** Returns the directories in which files, or links to them, may change. */
    public Set<Path> directories() {
        return Set.of();
    }
}
