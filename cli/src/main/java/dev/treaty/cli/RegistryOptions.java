package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which registry a command talks to. */
public final class RegistryOptions {
    /** Where {@code treaty registry} listens, and where every command looks, unless something else is said. */
    public static final RegistryAddress.Network USUAL = new RegistryAddress.Network("127.0.0.1", 7400);

    /** What to do where the registry cannot be reached. */
    public static final String ELSE = "; start one with \"treaty registry\", or name another with --registry";

    private static final String VARIABLE = "TREATY_REGISTRY";

    @Option(
            names = "--registry",
            paramLabel = "ADDRESS",
            converter = Converters.Registry.class,
            description = "The registry, such as treaty://127.0.0.1:7400, which is also where it is sought if nothing"
                    + " is said. TREATY_REGISTRY says it too.")
    private @Nullable RegistryAddress registry;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A configuration file; what it says about the registry and about calls holds.")
    private @Nullable Path config;

    /** What was said with {@code --registry}. */
    Optional<RegistryAddress> given() {
        return Optional.ofNullable(registry);
    }

    /** The settings: the option beats the environment, which beats the file. */
    Settings settings() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (registry != null) {
            environment.put(VARIABLE, registry.toString());
        }
        Settings settings = config == null ? Settings.of(environment) : Settings.load(config, environment);
        return settings.registry() instanceof RegistryAddress.Embedded ? settings.withRegistry(USUAL) : settings;
    }

    /** A client of that registry. */
    public Treaty open() {
        return Treaty.open(settings());
    }

    /**
     * The names of all services.
     *
     * @throws CommandFailed where the registry could not be reached
     */
    static Set<ServiceName> services(Treaty treaty) {
        var names = new TreeSet<>(treaty.registry().services());
        reached(treaty);
        return names;
    }

    /**
     * The instances of a service, as the registry says that they are now: a command that comes once follows nothing.
     *
     * @throws CommandFailed where the registry could not be reached
     */
    public static List<ServiceInstance> instances(Treaty treaty, ServiceName service) {
        try {
            return treaty.registry().lookup(service);
        } catch (ServiceException e) {
            reached(treaty);
            throw e; // it was reached, and refuses
        }
    }

    /**
     * Makes sure that what the registry told is true: without a registry everything would look empty.
     *
     * @throws CommandFailed where it could not be reached
     */
    public static void reached(Treaty treaty) {
        treaty.registry().problem().ifPresent(trouble -> {
            throw new CommandFailed(trouble + ELSE);
        });
    }
}
