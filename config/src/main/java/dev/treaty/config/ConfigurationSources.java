package dev.treaty.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a process reads its settings. The layers, of which each overrides those before it: defaults, the text that the
 * application ships, the file, the file of the profile ({@code treaty-prod.yaml} beside {@code treaty.yaml}), the files
 * of the directory in the order of their names, central settings, the environment, the command line. Groups of keys are
 * merged key by key; a value or a list replaces that of the layers below.
 *
 * @param shipped settings that the application has in its code; empty for none
 * @param file the file; empty for none, and then there is neither a profile nor a directory beside it
 * @param profile the name of the profile, such as {@code prod}, whose file must exist; empty for none
 * @param directory the directory with further files ({@code *.yaml}, {@code *.yml}), which must exist; empty for {@code
 *     conf.d} beside the file, if that exists at the time of a reading. Names that begin with a dot are skipped
 * @param environment the variables, usually {@code System.getenv()}; those that begin with {@code TREATY_} are settings
 * @param commandLine values by key, as {@code --set KEY=VALUE} has them
 */
public record ConfigurationSources(
        Optional<Shipped> shipped,
        Optional<Path> file,
        Optional<String> profile,
        Optional<Path> directory,
        Map<String, String> environment,
        Map<String, String> commandLine) {

    /** The variable that names the profile. */
    public static final String PROFILE = "TREATY_PROFILE";

    /** The variable that names the directory. */
    public static final String DIRECTORY = "TREATY_CONFIG_DIRECTORY";

    /** Copies the maps. */
    public ConfigurationSources {
        environment = Map.copyOf(environment);
        commandLine = Map.copyOf(commandLine);
    }

    /**
     * Returns the sources of a process with a file; {@value #PROFILE} and {@value #DIRECTORY} name its profile and its
     * directory.
     *
     * @throws ConfigurationException if the name of the directory is invalid
     */
    public static ConfigurationSources of(Path file, Map<String, String> environment) {
        return of(Optional.of(file), environment);
    }

    /**
     * Returns the sources of a process without a file: the environment, and the directory of {@value #DIRECTORY}.
     *
     * @throws ConfigurationException if the name of the directory is invalid
     */
    public static ConfigurationSources of(Map<String, String> environment) {
        return of(Optional.empty(), environment);
    }

    private static ConfigurationSources of(Optional<Path> file, Map<String, String> environment) {
        return new ConfigurationSources(
                Optional.empty(), file, value(environment, PROFILE), directory(environment), environment, Map.of());
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    private static Optional<Path> directory(Map<String, String> environment) {
        try {
            return value(environment, DIRECTORY).map(Path::of);
        } catch (InvalidPathException e) {
            String message = "is no path (" + e.getReason() + "): write that of a directory";
            throw new ConfigurationException(List.of(new Problem(DIRECTORY, 0, 0, "", message)));
        }
    }

    /**
     * Settings that an application has in its code, such as a resource of its jar.
     *
     * @param name what messages call it, such as {@code shop.yaml}
     * @param text YAML, as in a file
     */
    public record Shipped(String name, String text) {}

    /** Returns the same sources with settings that the application ships, which all other layers override. */
    public ConfigurationSources withShipped(String name, String text) {
        return new ConfigurationSources(
                Optional.of(new Shipped(name, text)), file, profile, directory, environment, commandLine);
    }

    /** Returns the same sources with another profile. */
    public ConfigurationSources withProfile(String name) {
        return new ConfigurationSources(shipped, file, Optional.of(name), directory, environment, commandLine);
    }

    /** Returns the same sources with values of the command line, by key. */
    public ConfigurationSources withCommandLine(Map<String, String> values) {
        return new ConfigurationSources(shipped, file, profile, directory, environment, values);
    }

    /**
     * Reads all layers. It has no side effects: either everything is valid, or nothing is used.
     *
     * @param central the central settings in force, without those that have expired
     * @throws ConfigurationException if anything is wrong, with every problem
     */
    public Settings.Effective read(List<CentralSetting> central) {
        return SettingsReader.read(files().read(), central, environment, commandLine);
    }

    /**
     * Returns the directories that exist now and in which a change may change what is read: those of the files, of what
     * they link to, and the directories above, because these may be replaced too.
     */
    public Set<Path> directories() {
        return WatchedDirectories.of(files()).keySet();
    }

    SettingsFiles files() {
        return new SettingsFiles(shipped.map(own -> Document.of(own.name(), own.text())), file, profile, directory);
    }
}
