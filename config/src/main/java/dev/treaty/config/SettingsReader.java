package dev.treaty.config;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Policies;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads {@link Settings}: which keys there are, and what each value inherits from. */
final class SettingsReader {
    private static final Settings DEFAULTS = Settings.DEFAULTS;

    private SettingsReader() {}

    /**
     * Reads all layers.
     *
     * @throws ConfigurationException if anything is wrong, with every problem
     */
    static Settings.Effective read(
            List<Document> documents,
            List<CentralSetting> central,
            Map<String, String> environment,
            Map<String, String> commandLine) {
        var problems = new Problems();
        YamlNode merged = Layers.merge(documents, central, commandLine, problems);
        var reading = new SettingsReading(environment, problems);
        Section root = reading.root(
                merged,
                Place.beginning(documents.isEmpty() ? "" : documents.getFirst().source()));
        Settings settings = read(root);
        AppSettings app = AppSettings.read(root);
        return new Settings.Effective(settings, reading.end(), app, warnings(settings));
    }

    /** Returns the contradictions among policies; those that are inherited are named once. */
    private static List<String> warnings(Settings settings) {
        var warnings = new ArrayList<String>();
        List<String> ofAll = settings.defaults().warnings();
        ofAll.forEach(warning -> warnings.add("defaults: " + warning));
        new TreeMap<>(settings.services()).forEach((service, policies) -> {
            String key = "services." + service.value();
            List<String> own = policies.service().warnings();
            own.stream()
                    .filter(warning -> !ofAll.contains(warning))
                    .forEach(warning -> warnings.add(key + ": " + warning));
            new TreeMap<>(policies.operations())
                    .forEach((operation, tolerance) -> tolerance.warnings().stream()
                            .filter(warning -> !own.contains(warning))
                            .forEach(warning -> warnings.add(key + ".operations." + operation + ": " + warning)));
        });
        return warnings;
    }

    private static Settings read(Section root) {
        FaultTolerance defaults = root.read("defaults", DEFAULTS.defaults());
        BalancePolicy balance = root.read("balance", DEFAULTS.balance().defaults());
        String name = root.read("name", DEFAULTS.name());
        String region = root.read("region", DEFAULTS.region());
        String zone = root.read("zone", DEFAULTS.zone());
        RegistryAddress registry = root.read("registry", DEFAULTS.registry());
        RegistryServerSettings registryServer = root.read("registry-server", DEFAULTS.registryServer());
        ServerSettings server = root.read("server", DEFAULTS.server());
        ClientSettings client = root.read("client", DEFAULTS.client());
        FaultSettings faults = root.read("faults", DEFAULTS.faults());
        SecuritySettings security = root.read("security", DEFAULTS.security());
        Map<ServiceName, OfService> services =
                root.map("services", ServiceName.class, section -> service(section, defaults, balance));
        List<RunSettings> run = root.groups("run", SettingsReader::run);
        MetricsSettings metrics = root.read("metrics", DEFAULTS.metrics());

        var policies = new HashMap<ServiceName, Policies>();
        var balances = new HashMap<ServiceName, BalanceSettings.OfService>();
        var inherited = BalanceSettings.OfService.of(balance);
        services.forEach((service, own) -> {
            policies.put(service, own.policies);
            if (!own.balance.equals(inherited)) {
                balances.put(service, own.balance);
            }
        });
        return root.create(() -> new Settings(
                        name,
                        region,
                        zone,
                        registry,
                        registryServer,
                        server,
                        client,
                        defaults,
                        policies,
                        run,
                        metrics,
                        new BalanceSettings(balance, balances),
                        faults,
                        security))
                .orElse(DEFAULTS);
    }

    /** The group of one service under {@code services}. */
    private record OfService(Policies policies, BalanceSettings.OfService balance) {}

    private static OfService service(Section section, FaultTolerance defaults, BalancePolicy balance) {
        FaultTolerance tolerance = section.read(defaults);
        return new OfService(
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
            section.problem(
                    "breaker",
                    "breakers belong to instances, which serve all operations; set breaker for the service, next to"
                            + " operations");
        }
        return own;
    }

    /** Reads an entry of {@code run}: a service to start, or one that runs already. */
    private static Optional<RunSettings> run(Section section) {
        boolean hosted = section.has("contract") || section.has("implementation");
        boolean existing = section.has("name") || section.has("address");
        if (hosted == existing) {
            section.problem("is " + (hosted ? "both" : "neither") + " a service to start " + (hosted ? "and" : "nor")
                    + " one that runs already; write contract and implementation, or name and address");
            section.acceptAllKeys();
            return Optional.empty();
        }
        return hosted ? hosted(section) : existing(section);
    }

    private static Optional<RunSettings> hosted(Section section) {
        Optional<String> contract = section.read("contract", String.class);
        Optional<String> implementation = section.read("implementation", String.class);
        List<String> classPath = section.texts("class-path");
        int instances = section.read("instances", 1);
        List<String> jvm = section.texts("jvm");
        int port = section.read("port", 0);
        return contract.flatMap(c -> implementation.flatMap(
                i -> section.create(() -> new RunSettings.Hosted(c, i, classPath, instances, jvm, port))));
    }

    private static Optional<RunSettings> existing(Section section) {
        Optional<ServiceName> name = section.read("name", ServiceName.class);
        Optional<URI> address = section.read("address", URI.class);
        String scheme = address.map(URI::getScheme).orElse("");
        String health = section.read("health", scheme.equals("tcp") ? "tcp" : scheme.startsWith("grpc") ? "grpc" : "/");
        HealthPolicy check = section.read("check", HealthPolicy.STANDARD);
        Version version = section.read("version", new Version(1, 0, 0));
        return name.flatMap(n ->
                address.flatMap(a -> section.create(() -> new RunSettings.Existing(n, a, health, version, check))));
    }
}
