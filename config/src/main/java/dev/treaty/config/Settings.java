package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Range;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Policies;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * All settings of a process as one immutable value. Reading them has no side effects: the same text and environment
 * give the same settings or the same problems.
 *
 * @param name the name of this process in its calls to others
 * @param region the region that the process runs in, such as {@code eu}; empty for none
 * @param zone the zone within the region, such as {@code eu-1a}; empty for none
 * @param registry the registry that it uses
 * @param registryServer the registry that it serves
 * @param server how it serves its services
 * @param client how it connects to the services that it calls
 * @param defaults the fault tolerance of its calls
 * @param services what differs for single services
 * @param run what {@code treaty up} runs
 * @param metrics what is measured
 * @param balance how calls are distributed over the instances of services
 * @param faults the faults that are injected into calls
 * @param security how the process protects what it serves and what it calls
 */
public record Settings(
        @Description("The name of this process as a caller.")
        @Accepted(pattern = "(?=\\s*\\S)[^\\u0000-\\u001F\\u007F-\\u009F]{1,128}", value = "1 to 128 characters")
        String name,

        @Description("The region that the process runs in, such as `eu`.")
        @Accepted(pattern = "[!-~]{0,128}", value = "up to 128 visible ASCII characters")
        String region,

        @Description("The zone within the region, such as `eu-1a`.")
        @Accepted(pattern = "[!-~]{0,128}", value = "up to 128 visible ASCII characters")
        String zone,

        @Description("The registry's address.")
        @Accepted("`embedded`, or the address of [a registry](backends.md#choosing)")
        RegistryAddress registry,

        @Description("The registry that this process serves.")
        RegistryServerSettings registryServer,

        @Description("How this process serves its services.")
        ServerSettings server,

        @Description("The connections to the services that this process calls.")
        ClientSettings client,

        @Description("The fault tolerance of calls to every service.")
        FaultTolerance defaults,

        @Description("What differs for single services that this process calls.")
        Map<ServiceName, Policies> services,

        @Description("What `treaty up` runs: services to start, and services that run elsewhere.")
        List<RunSettings> run,

        @Description("What is measured.") MetricsSettings metrics,

        @Description("How calls are balanced over the instances of every service.")
        BalanceSettings balance,

        @Description("Faults injected into calls on purpose, to test how a system handles them.")
        FaultSettings faults,

        @Description("TLS, who calls, and who may do what.") SecuritySettings security) {

    /** The largest file accepted, in bytes. */
    public static final int FILE_BYTES_MAX = 1 << 20;

    /** The longest {@code name}, in characters. */
    public static final int NAME_LENGTH_MAX = 128;

    /** The settings of an empty configuration. */
    public static final Settings DEFAULTS = new Settings(
            "treaty",
            "",
            "",
            RegistryAddress.EMBEDDED,
            RegistryServerSettings.DEFAULT,
            ServerSettings.DEFAULT,
            ClientSettings.DEFAULT,
            FaultTolerance.DEFAULT,
            Map.of(),
            List.of(),
            MetricsSettings.DEFAULT,
            BalanceSettings.DEFAULT,
            FaultSettings.DEFAULT,
            SecuritySettings.DEFAULT);

    /** @throws IllegalArgumentException if the name, the region or the zone is invalid */
    public Settings {
        SettingChecks.notBlank("name", name);
        Range.check("the length of name", name.length(), 1, NAME_LENGTH_MAX);
        if (!PrintableText.isPrintable(name)) {
            throw new IllegalArgumentException("name " + PrintableText.quote(name) + " has control characters");
        }
        ServiceInstance.checkPlace("region", region);
        ServiceInstance.checkPlace("zone", zone);
        services = Map.copyOf(services);
        run = List.copyOf(run);
    }

    /**
     * Reads a file, with the profile and the directory beside it as {@link ConfigurationSources} has them.
     *
     * @param environment the variables, usually {@code System.getenv()}; those that begin with {@code TREATY_} are
     *     settings and override the file, and the file may refer to all others as <code>${NAME}</code>
     * @throws ConfigurationException if anything is wrong with the file or with a variable
     */
    public static Settings load(Path file, Map<String, String> environment) {
        return effective(file, environment).settings();
    }

    /**
     * Reads text.
     *
     * @param source the name of the text in messages
     * @throws ConfigurationException if anything is wrong with the text or with a variable
     */
    public static Settings parse(String source, String yaml, Map<String, String> environment) {
        return effective(source, yaml, environment).settings();
    }

    /**
     * Reads the environment alone.
     *
     * @throws ConfigurationException if anything is wrong with a variable
     */
    public static Settings of(Map<String, String> environment) {
        return parse("environment", "", environment);
    }

    /**
     * Reads a file and records the origin of each value in effect.
     *
     * @throws ConfigurationException if anything is wrong with the file or with a variable
     */
    public static Effective effective(Path file, Map<String, String> environment) {
        return ConfigurationSources.of(file, environment).read(List.of());
    }

    /**
     * Reads text and records the origin of each value in effect.
     *
     * @param source the name of the text in messages
     * @throws ConfigurationException if anything is wrong with the text or with a variable
     */
    public static Effective effective(String source, String yaml, Map<String, String> environment) {
        return SettingsReader.read(List.of(Document.of(source, yaml)), List.of(), environment, Map.of());
    }

    /**
     * Settings with the origin of each value.
     *
     * @param values the values in effect, in the order of the records
     * @param app the settings of the application
     * @param warnings contradictions among policies, one sentence each, which begins with the key of the policies
     */
    public record Effective(Settings settings, List<Setting> values, AppSettings app, List<String> warnings) {
        /** Copies the lists. */
        public Effective {
            values = List.copyOf(values);
            warnings = List.copyOf(warnings);
        }

        /** Returns the keys whose values differ in a later reading. */
        public List<SettingChange> changes(Effective later) {
            return SettingChange.between(values, later.values, key -> app.differs(later.app, key));
        }
    }

    /** Returns the fault tolerance of calls to a service. */
    public Policies service(ServiceName service) {
        Policies own = services.get(service);
        return own == null ? Policies.of(defaults) : own;
    }

    /** Returns the same settings with another registry. */
    public Settings withRegistry(RegistryAddress changed) {
        return with(changed, registryServer, server, defaults);
    }

    /** Returns the same settings with another server. */
    public Settings withServer(ServerSettings changed) {
        return with(registry, registryServer, changed, defaults);
    }

    /** Returns the same settings with another registry to serve. */
    public Settings withRegistryServer(RegistryServerSettings changed) {
        return with(registry, changed, server, defaults);
    }

    /** Returns the same settings with other defaults for the services that are called. */
    public Settings withDefaults(FaultTolerance changed) {
        return with(registry, registryServer, server, changed);
    }

    /** Returns the same settings with other ones of security. */
    public Settings withSecurity(SecuritySettings changed) {
        return new Settings(
                name,
                region,
                zone,
                registry,
                registryServer,
                server,
                client,
                defaults,
                services,
                run,
                metrics,
                balance,
                faults,
                changed);
    }

    private Settings with(
            RegistryAddress newRegistry,
            RegistryServerSettings newRegistryServer,
            ServerSettings newServer,
            FaultTolerance newDefaults) {
        return new Settings(
                name,
                region,
                zone,
                newRegistry,
                newRegistryServer,
                newServer,
                client,
                newDefaults,
                services,
                run,
                metrics,
                balance,
                faults,
                security);
    }
}
