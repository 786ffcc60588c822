package dev.treaty.config;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Policies;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which keys there are, and what each inherits from: the shape of {@code treaty.yaml}. */
final class SettingsReader {
    private SettingsReader() {}

    static Settings read(Section root) {
        FaultTolerance defaults = root.read("defaults", Settings.DEFAULTS.defaults());
        String name = root.read("name", Settings.DEFAULTS.name());
        String region = root.read("region", Settings.DEFAULTS.region());
        String zone = root.read("zone", Settings.DEFAULTS.zone());
        RegistryAddress registry = root.read("registry", Settings.DEFAULTS.registry());
        RegistryServerSettings registryServer = root.read("registry-server", Settings.DEFAULTS.registryServer());
        ServerSettings server = root.read("server", Settings.DEFAULTS.server());
        ClientSettings client = root.read("client", Settings.DEFAULTS.client());
        BalancePolicy balance = root.read("balance", Settings.DEFAULTS.balance().defaults());
        FaultSettings faults = root.read("faults", Settings.DEFAULTS.faults());
        Map<ServiceName, Called> services =
                root.map("services", ServiceName.class, section -> service(section, defaults, balance));
        List<RunSettings> run = root.list("run", SettingsReader::run);
        MetricsSettings metrics = root.read("metrics", Settings.DEFAULTS.metrics());
        return root.make(() -> new Settings(
                        name,
                        region,
                        zone,
                        registry,
                        registryServer,
                        server,
                        client,
                        defaults,
                        each(services, Called::policies),
                        run,
                        metrics,
                        new BalanceSettings(balance, own(balance, each(services, Called::balance))),
                        faults))
                .orElse(Settings.DEFAULTS);
    }

    /** What is written below the name of one service. */
    private record Called(Policies policies, BalanceSettings.OfService balance) {}

    private static Called service(Section section, FaultTolerance defaults, BalancePolicy balance) {
        FaultTolerance tolerance = section.read(defaults);
        return new Called(
                new Policies(
                        tolerance,
                        section.map("operations", String.class, operation -> operation(operation, tolerance))),
                new BalanceSettings.OfService(
                        section.read("balance", balance),
                        section.read("routing", RoutingPolicy.DEFAULT),
                        section.read("requires", RequirementSettings.DEFAULT)));
    }

    private static FaultTolerance operation(Section section, FaultTolerance service) {
        FaultTolerance own = section.read(service);
        if (!own.breaker().equals(service.breaker())) {
            section.refuse(
                    "breaker",
                    "breakers stand at the instances, which serve all operations; set breaker for the service, beside"
                            + " operations");
        }
        return own;
    }

    /** The services that are balanced in a way of their own. */
    private static Map<ServiceName, BalanceSettings.OfService> own(
            BalancePolicy usual, Map<ServiceName, BalanceSettings.OfService> services) {
        var nothing = new BalanceSettings.OfService(usual, RoutingPolicy.DEFAULT, RequirementSettings.DEFAULT);
        return services.entrySet().stream()
                .filter(service -> !service.getValue().equals(nothing))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static <T> Map<ServiceName, T> each(Map<ServiceName, Called> services, Function<Called, T> part) {
        return services.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, e -> part.apply(e.getValue())));
    }

    /** Reads one entry of {@code run}, which is exactly one of the two. */
    private static Optional<RunSettings> run(Section section) {
        boolean hosted = section.has("contract") || section.has("implementation");
        boolean existing = section.has("name") || section.has("address");
        if (hosted == existing) {
            String what = hosted
                    ? "is both a service to start and one that runs elsewhere"
                    : "is neither a service to start nor one that runs elsewhere";
            section.problem(what + "; write contract and implementation, or name and address");
            section.ignoreRest();
            return Optional.empty();
        }
        return hosted ? hosted(section) : existing(section);
    }

    private static Optional<RunSettings> hosted(Section section) {
        Optional<String> contract = section.read("contract", String.class);
        Optional<String> implementation = section.read("implementation", String.class);
        List<String> classPath = section.list("class-path", String.class);
        int instances = section.read("instances", 1);
        List<String> jvm = section.list("jvm", String.class);
        int port = section.read("port", 0);
        return contract.flatMap(c -> implementation.flatMap(
                i -> section.make(() -> new RunSettings.Hosted(c, i, classPath, instances, jvm, port))));
    }

    private static Optional<RunSettings> existing(Section section) {
        Optional<ServiceName> name = section.read("name", ServiceName.class);
        Optional<URI> address = section.read("address", URI.class);
        String usual = address.map(a -> String.valueOf(a.getScheme()))
                .map(scheme -> scheme.equals("tcp") ? "tcp" : scheme.startsWith("grpc") ? "grpc" : "/")
                .orElse("/");
        String health = section.read("health", usual);
        HealthPolicy check = section.read("check", HealthPolicy.STANDARD);
        Version version = section.read("version", new Version(1, 0, 0));
        return name.flatMap(
                n -> address.flatMap(a -> section.make(() -> new RunSettings.Existing(n, a, health, version, check))));
    }
}
