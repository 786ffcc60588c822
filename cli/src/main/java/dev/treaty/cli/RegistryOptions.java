package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.secure.DevelopmentSecurity;
import dev.treaty.config.KeyNames;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which a command selects a registry, and reads of that registry, which fail if it is unreachable. */
public final class RegistryOptions {
    /** The default address of {@code treaty registry}, to which commands connect by default. */
    public static final RegistryAddress.Network USUAL = new RegistryAddress.Network("127.0.0.1", 7400);

    /** The hint for an unreachable registry. */
    public static final String HINT = "; start one with \"treaty registry\", or select another with --registry";

    /** The hint for a registry that does not answer without TLS. */
    private static final String TLS_HINT = "; it may use TLS: add --secure, or --config with security settings";

    @Option(
            names = "--registry",
            paramLabel = "ADDRESS",
            description = "The registry (default: $TREATY_REGISTRY, else port 7400 of this machine).")
    private @Nullable RegistryAddress registry;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A configuration file, for the registry and the settings of calls.")
    private @Nullable Path config;

    @Option(
            names = "--secure",
            description =
                    "Use TLS and the certificate \"operator\" in .treaty/security of this directory, as \"treaty up"
                            + " --secure\" makes it.")
    private boolean secure;

    /** Opens a client of the registry. The option overrides the environment, which overrides the file. */
    public Treaty open() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (registry != null) {
            environment.put("TREATY_REGISTRY", registry.toString());
        }
        if (secure) {
            Path directory = DevelopmentSecurity.directory(Path.of(""));
            environment.putAll(DevelopmentSecurity.existing(directory, DevelopmentSecurity.OPERATOR));
        }
        Settings settings = config == null ? Settings.of(environment) : Settings.load(config, environment);
        return Treaty.open(orUsual(settings));
    }

    /** Returns settings with the usual registry in place of an embedded one, which other processes do not share. */
    public static Settings orUsual(Settings settings) {
        return settings.registry() instanceof RegistryAddress.Embedded ? settings.withRegistry(USUAL) : settings;
    }

    /**
     * Returns the names of all services.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    static Set<ServiceName> services(Treaty treaty) {
        var names = new TreeSet<>(treaty.registry().services());
        requireReached(treaty);
        return names;
    }

    /**
     * Returns the current instances of a service, with one request instead of a watch.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    public static List<ServiceInstance> instances(Treaty treaty, ServiceName service) {
        return instances(treaty, service, EnumSet.allOf(ServiceHealth.Status.class));
    }

    /**
     * Returns those current instances of a service whose health has one of these statuses.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    static List<ServiceInstance> instances(Treaty treaty, ServiceName service, Set<ServiceHealth.Status> health) {
        return reaching(treaty, () -> treaty.registry().lookup(service, health));
    }

    /**
     * Makes a request to the registry.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    public static <T> T reaching(Treaty treaty, Supplier<T> request) {
        try {
            return request.get();
        } catch (ServiceException e) {
            requireReached(treaty);
            throw e; // reached, and rejected
        }
    }

    /**
     * Returns the current instances of all services.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    public static Map<ServiceName, List<ServiceInstance>> instances(Treaty treaty) {
        var instances = new LinkedHashMap<ServiceName, List<ServiceInstance>>();
        services(treaty).forEach(name -> instances.put(name, instances(treaty, name)));
        return instances;
    }

    /**
     * Returns the current instance with an id.
     *
     * @throws CommandFailed if none has it, with a similar id, or the registry cannot be reached
     */
    public static ServiceInstance instance(Treaty treaty, String id) {
        var instances = new TreeMap<String, ServiceInstance>();
        instances(treaty).values().forEach(all -> all.forEach(each -> instances.put(each.id(), each)));
        ServiceInstance instance = instances.get(id);
        if (instance == null) {
            throw new CommandFailed("no instance " + id + " is registered" + suggestion(id, instances.keySet()));
        }
        return instance;
    }

    /**
     * Fails if the last request did not reach the registry: otherwise everything would look empty. Of several joined
     * registries, one is enough.
     *
     * @throws CommandFailed if the registry cannot be reached
     */
    public static void requireReached(Treaty treaty) {
        Registry registry = treaty.registry();
        registry.staleSince().flatMap(_ -> registry.problem()).ifPresent(problem -> {
            boolean encrypted = problem.contains("closed the connection without an answer");
            throw new CommandFailed(PrintableText.line(problem) + (encrypted ? TLS_HINT : HINT));
        });
    }

    /** Returns {@code "; did you mean NAME?"} for the registered service with the most similar name, else nothing. */
    public static String suggestion(Treaty treaty, ServiceName mistyped) {
        return suggestion(
                mistyped.value(),
                services(treaty).stream().map(ServiceName::value).toList());
    }

    static String suggestion(String mistyped, Collection<String> known) {
        return KeyNames.nearest(mistyped, known)
                .filter(name -> !known.contains(mistyped))
                .map(name -> "; did you mean " + name + "?")
                .orElse("");
    }
}
