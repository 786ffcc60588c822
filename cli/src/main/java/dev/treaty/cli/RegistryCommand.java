package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.secure.DevelopmentSecurity;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.RegistryServerSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code treaty registry}: serves a registry that processes share. */
@Command(
        name = "registry",
        description = {
            "Serves a registry until Ctrl-C.",
            "After a restart it has the state of its --data directory; instances register again by themselves."
        },
        footer = {
            "  treaty registry",
            "  treaty registry --data /var/lib/treaty",
            "  treaty registry --secure",
            "  treaty registry --host 0.0.0.0 --advertise 10.1.2.3 --config security.yaml",
            "  treaty registry --compat-port 8500 --dns-port 8600",
            "  curl -d '{}' -H 'Content-Type: application/json' localhost:7400/treaty.Registry/services"
        })
public final class RegistryCommand extends OutputCommand {
    private static final String SECURITY = "TREATY_SECURITY_";

    /** The level from which the log shows Treaty's events: operators should see what is wrong with a registry. */
    private static final String LOG_LEVEL = "treaty.log";

    /** How long after Ctrl-C the process exits at the latest. */
    private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(25);

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "The port to listen on; 0 for any free port (default: 7400).")
    private int port = RegistryOptions.USUAL.port();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The address to listen on (default: 127.0.0.1, which only this machine can reach). With any"
                    + " other one, security is on, unless --insecure is given.")
    private String host = RegistryOptions.USUAL.host();

    @Option(
            names = "--advertise",
            paramLabel = "HOST",
            description = "The host that clients connect to; required if --host is 0.0.0.0.")
    private Optional<String> advertise = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The directory that keeps the state across restarts (default: none, only in memory).")
    private Optional<String> data = Optional.empty();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A configuration file, for its security settings (default: TREATY_SECURITY_... variables).")
    private @Nullable Path config;

    @Option(
            names = "--secure",
            description = "Use TLS, and make an authority and certificates in .treaty/security of this directory.")
    private boolean secure;

    @Option(
            names = "--insecure",
            description = "Serve other machines without security: each that reaches the port may do everything.")
    private boolean insecure;

    private @Nullable DevelopmentSecurity development;

    @Mixin
    private final CompatibilityApis compatibility = new CompatibilityApis();

    @Override
    public Integer call() throws InterruptedException {
        try (var foreground = new Foreground(SHUTDOWN_MAX);
                Treaty treaty = serve(settings(), Main.FAILED, "--host and --port");
                compatibility) {
            String address = address(treaty).toString();
            Map<String, String> others = compatibility.open(treaty, host);
            if (json()) {
                others.put("registry", address);
                printJsonLine(others);
            } else {
                others.forEach((name, other) -> out().println(name + " " + other));
                out().println("registry " + address + "; Ctrl-C ends it");
            }
            foreground.await();
        } finally {
            if (development != null) {
                development.close();
            }
        }
        return Main.OK;
    }

    private Settings settings() {
        var environment = new HashMap<String, String>();
        System.getenv().forEach((name, value) -> {
            if (name.startsWith(SECURITY)) {
                environment.put(name, value);
            }
        });
        if (secure) {
            development = DevelopmentSecurity.open(DevelopmentSecurity.directory(Path.of("")));
            environment.putAll(development.registryEnvironment());
        }
        if (insecure) {
            environment.put(SECURITY + "INSECURE", "true");
        }
        ConfigurationSources sources =
                config == null ? ConfigurationSources.of(environment) : ConfigurationSources.of(config, environment);
        Settings read = sources.read(List.of()).settings();
        if (secure) {
            read = sources.withCommandLine(DevelopmentSecurity.operators(read))
                    .read(List.of())
                    .settings();
        }
        try {
            return Settings.DEFAULTS
                    .withSecurity(read.security())
                    .withServer(ServerSettings.DEFAULT.withAddress(host, port, advertise))
                    .withRegistryServer(RegistryServerSettings.DEFAULT.withData(data));
        } catch (IllegalArgumentException e) {
            throw usageError(String.valueOf(e.getMessage()).replace("server.advertise", "--advertise"));
        }
    }

    /**
     * Serves a registry with these settings, and shows its problems on the console.
     *
     * @param source where the user sets the address
     * @throws CommandFailed with the exit code if the address or the data directory cannot be used
     */
    public static Treaty serve(Settings settings, int exitCode, String source) {
        if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, "WARN"); // before the log is used
        }
        Treaty treaty = Treaty.open(settings);
        try {
            treaty.serveRegistry();
            return treaty;
        } catch (RuntimeException e) {
            treaty.close();
            String message = ErrorHandler.message(e);
            throw new CommandFailed(
                    "cannot serve a registry: " + message
                            + (message.startsWith("cannot listen") ? "; choose another address with " + source : ""),
                    exitCode);
        }
    }

    /** Returns the address by which clients reach the registry that this process serves. */
    public static RegistryAddress.Network address(Treaty treaty) {
        ServiceEndpoint endpoint =
                treaty.endpoint().orElseThrow(() -> new IllegalStateException("the registry is not served"));
        return new RegistryAddress.Network(treaty.settings().server().advertisedHost(), endpoint.port());
    }
}
