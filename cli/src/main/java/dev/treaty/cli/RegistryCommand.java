package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.config.RegistryServerSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code treaty registry}: a registry that other processes share. */
@Command(
        name = "registry",
        description = "Serves a registry until Ctrl-C. When it was restarted, it knows what is in its --data, and"
                + " the rest registers again by itself.",
        footer = {
            "",
            "Examples:",
            "  treaty registry",
            "  treaty registry --data /var/lib/treaty",
            "  treaty registry --host 0.0.0.0 --advertise 10.1.2.3",
            "  treaty registry --doors-port 8500 --dns-port 8600",
            "  curl -d '{}' -H 'Content-Type: application/json' localhost:7400/treaty.Registry/services"
        })
public final class RegistryCommand implements Callable<Integer> {
    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "7400",
            description = "Where to listen; 0 for any free port, 7400 where it is left out.")
    private int port;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "The address to listen on; 127.0.0.1 where it is left out, so that only this machine can"
                    + " register. A registry trusts whoever can reach it.")
    @SuppressWarnings("NullAway.Init") // has a default
    private String host;

    @Option(
            names = "--advertise",
            paramLabel = "HOST",
            description = "The host that others are told; needed where --host is 0.0.0.0.")
    private Optional<String> advertise = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The directory where its state outlives it; in memory only where it is left out.")
    private Optional<String> data = Optional.empty();

    @Option(names = "--json", description = "Print the address as a JSON object.")
    private boolean json;

    @Mixin
    private final CompatibilityApis doors = new CompatibilityApis();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        try (var foreground = new Foreground(() -> {});
                Treaty treaty = serve(settings());
                CompatibilityApis.Open open = doors.open(treaty, host)) {
            PrintWriter out = spec.commandLine().getOut();
            String address = address(treaty).toString();
            if (json) {
                var addresses = new LinkedHashMap<String, String>();
                addresses.put("registry", address);
                addresses.putAll(open.addresses(host));
                out.println(Json.text(addresses));
            } else {
                open.addresses(host).forEach((name, at) -> out.println(name + " " + at));
                out.println("registry " + address + "; Ctrl-C ends it");
            }
            foreground.await();
        }
        return Main.OK;
    }

    private Settings settings() {
        try {
            return Settings.DEFAULTS
                    .withServer(ServerSettings.DEFAULT.withAddress(host, port, advertise))
                    .withRegistryServer(RegistryServerSettings.DEFAULT.withData(data));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
    }

    /**
     * Serves a registry as these settings have it.
     *
     * @throws CommandFailed where the port is taken
     */
    public static Treaty serve(Settings settings) {
        Treaty treaty = Treaty.open(settings);
        try {
            treaty.serveRegistry();
            return treaty;
        } catch (RuntimeException e) {
            treaty.close();
            throw new CommandFailed(
                    "no registry can be served at " + settings.server().host() + ":"
                            + settings.server().port() + ": " + reason(e) + "; choose another port"
                            + (settings.registryServer().data().isPresent() ? " or another directory" : ""));
        }
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** How clients write the registry that this process serves. */
    public static RegistryAddress.Network address(Treaty treaty) {
        ServiceEndpoint endpoint =
                treaty.endpoint().orElseThrow(() -> new IllegalStateException("the registry is not served"));
        String host = treaty.settings().server().advertisedHost();
        return new RegistryAddress.Network(host, endpoint.port());
    }
}
