package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Policies;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Everything that can be set, as one immutable value. Reading it is pure: the same text and environment give the same
 * settings or the same problems.
 *
 * @param name what this process calls itself when it calls others
 * @param region the part of the world it runs in, such as {@code eu}; empty where nobody said
 * @param zone where in the region, such as {@code eu-1a}; empty where nobody said
 * @param registry which registry it uses
 * @param registryServer how a registry is kept that it serves
 * @param server how its services are offered
 * @param client how it reaches the services it calls
 * @param defaults what stands between it and every service it calls
 * @param services what differs for single services
 * @param run what {@code treaty up} runs
 * @param metrics what is measured
 * @param balance how calls are spread over the instances of services
 * @param faults which faults are put in the way of calls on purpose
 */
public record Settings(
        String name,
        String region,
        String zone,
        RegistryAddress registry,
        RegistryServerSettings registryServer,
        ServerSettings server,
        ClientSettings client,
        FaultTolerance defaults,
        Map<ServiceName, Policies> services,
        List<RunSettings> run,
        MetricsSettings metrics,
        BalanceSettings balance,
        FaultSettings faults) {

    /** The largest file accepted, in bytes. */
    public static final int FILE_BYTES_MAX = 1 << 20;

    /** The longest {@code name}, in characters. */
    public static final int NAME_LENGTH_MAX = 128;

    /** What holds where nothing is set. */
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
            FaultSettings.DEFAULT);

    /** @throws IllegalArgumentException where the name is empty, or the name, the region or the zone not legal */
    public Settings {
        SettingChecks.filled("name", name);
        SettingChecks.within("the length of name", name.length(), 1, NAME_LENGTH_MAX);
        ServiceInstance.checkPlace("region", region);
        ServiceInstance.checkPlace("zone", zone);
        services = Map.copyOf(services);
        run = List.copyOf(run);
    }

    /**
     * Reads a file.
     *
     * @param environment the variables, usually {@code System.getenv()}; those that begin with {@code TREATY_} are
     *     settings and beat the file, the others may be named in the file as <code>${NAME}</code>
     * @throws ConfigurationException where anything is wrong with the file or with a variable
     */
    public static Settings load(Path file, Map<String, String> environment) {
        return parse(file.toString(), text(file), environment);
    }

    /**
     * Reads text.
     *
     * @param source what to call the text in messages
     * @throws ConfigurationException where anything is wrong with the text or with a variable
     */
    public static Settings parse(String source, String yaml, Map<String, String> environment) {
        return effective(source, yaml, environment).settings();
    }

    /**
     * Reads the environment alone.
     *
     * @throws ConfigurationException where anything is wrong with a variable
     */
    public static Settings of(Map<String, String> environment) {
        return parse("environment", "", environment);
    }

    /**
     * Reads text and tells, for every single value in force, where it came from.
     *
     * @throws ConfigurationException where anything is wrong with the text or with a variable
     */
    public static Effective effective(String source, String yaml, Map<String, String> environment) {
        var problems = new Problems();
        YamlNode root = Yaml.read(source, yaml, problems).orElse(null);
        if (root == null) {
            problems.refuse(source);
        }
        var reading = new SettingsReading(source, environment, problems);
        Settings settings = SettingsReader.read(reading.section("", root, new Place(1, 1), "default"));
        return new Effective(settings, reading.end());
    }

    /**
     * Settings, and where each value came from.
     *
     * @param values in the order of the records
     */
    public record Effective(Settings settings, List<Setting> values) {
        /** Copies the list. */
        public Effective {
            values = List.copyOf(values);
        }
    }

    /** The text of a file; its problems have the file as their source. */
    private static String text(Path file) {
        var problems = new Problems();
        String source = file.toString();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
            if (bytes.length <= FILE_BYTES_MAX) {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
            }
            problems.add(source, Problems.NOWHERE, "", "the file is larger than " + FILE_BYTES_MAX + " bytes");
        } catch (NoSuchFileException e) {
            problems.add(source, Problems.NOWHERE, "", "there is no such file; name one that exists");
        } catch (CharacterCodingException e) {
            problems.add(source, Problems.NOWHERE, "", "the file is not text in UTF-8; save it as that");
        } catch (IOException e) {
            problems.add(source, Problems.NOWHERE, "", "the file cannot be read: " + e.getMessage());
        }
        problems.refuse(source);
        throw new IllegalStateException("a file without text has a problem");
    }

    /** What stands between this process and that service. */
    public Policies service(ServiceName service) {
        Policies own = services.get(service);
        return own == null ? Policies.of(defaults) : own;
    }

    /** The same settings with another registry. */
    public Settings withRegistry(RegistryAddress changed) {
        return new Settings(
                name,
                region,
                zone,
                changed,
                registryServer,
                server,
                client,
                defaults,
                services,
                run,
                metrics,
                balance,
                faults);
    }

    /** The same settings with another server. */
    public Settings withServer(ServerSettings changed) {
        return new Settings(
                name,
                region,
                zone,
                registry,
                registryServer,
                changed,
                client,
                defaults,
                services,
                run,
                metrics,
                balance,
                faults);
    }

    /** The same settings with a registry that is kept otherwise. */
    public Settings withRegistryServer(RegistryServerSettings changed) {
        return new Settings(
                name, region, zone, registry, changed, server, client, defaults, services, run, metrics, balance,
                faults);
    }

    /** The same settings with other defaults for the services that are called. */
    public Settings withDefaults(FaultTolerance changed) {
        return new Settings(
                name,
                region,
                zone,
                registry,
                registryServer,
                server,
                client,
                changed,
                services,
                run,
                metrics,
                balance,
                faults);
    }

    /** The same settings with other balancing. */
    public Settings withBalance(BalanceSettings changed) {
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
                changed,
                faults);
    }

    /** The same settings with other faults. */
    public Settings withFaults(FaultSettings changed) {
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
                changed);
    }
}
