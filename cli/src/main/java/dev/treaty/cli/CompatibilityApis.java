package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.config.SecuritySettings;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.compat.CheckNetworks;
import dev.treaty.registry.compat.ConsulApi;
import dev.treaty.registry.compat.PrometheusApi;
import dev.treaty.registry.dns.DnsServer;
import dev.treaty.registry.server.FileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code treaty registry} for other protocols, and the servers that they open. */
final class CompatibilityApis implements AutoCloseable {
    @Option(
            names = "--compat-port",
            paramLabel = "PORT",
            description = "Also serve Consul's HTTP API below /v1/ and Prometheus's service discovery at /prometheus/"
                    + " on this port; 0 for any free port.")
    private @Nullable Integer httpPort;

    @Option(
            names = "--check-network",
            paramLabel = "CIDR",
            split = ",",
            description = "A network to which health checks of Consul's clients may connect, such as 10.0.0.0/8;"
                    + " repeatable (default: this machine if --host is, else none).")
    private @Nullable List<String> checkNetworks;

    @Option(
            names = "--dns-port",
            paramLabel = "PORT",
            description = "Also serve DNS over UDP and TCP on this port; 0 for any free port.")
    private @Nullable Integer dnsPort;

    @Option(
            names = "--dns-zone",
            paramLabel = "ZONE",
            description = "The zone of the names in DNS, as in shop.Orders.treaty (default: treaty).")
    private String dnsZone = "treaty";

    private final Deque<Runnable> closers = new ArrayDeque<>();

    /**
     * Opens the servers that the options select, and returns their addresses by name.
     *
     * @throws CommandFailed if a port or the data directory cannot be used
     */
    Map<String, String> open(Treaty treaty, String host) {
        var addresses = new LinkedHashMap<String, String>();
        try {
            if (httpPort != null) {
                var options = HttpServerOptions.STANDARD.at(host, httpPort);
                ConsulApi consul = consul(treaty, networks(host));
                closers.push(consul::close);
                var server = new HttpServer(
                        options,
                        treaty.security().process().tls().orElse(null),
                        consul.access(),
                        Time.system(),
                        RandomSource.system());
                closers.push(server::close);
                server.handle(ConsulApi.PREFIX, consul);
                server.handle("/prometheus/", new PrometheusApi(treaty.registry()));
                String address = (treaty.security().on() ? "https://" : "http://") + host + ":"
                        + server.endpoint().port();
                addresses.put("consul", address);
                addresses.put("prometheus", address + "/prometheus/targets");
            }
            if (dnsPort != null) {
                var dns = new DnsServer(treaty.registry(), new InetSocketAddress(host, dnsPort), dnsZone);
                closers.push(dns::close);
                addresses.put("dns", host + ":" + dns.port());
            }
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            throw new CommandFailed(ErrorHandler.message(e)
                    + (e instanceof UncheckedIOException
                            ? "; choose another port with --compat-port or --dns-port"
                            : "; see treaty registry --help"));
        }
        return addresses;
    }

    private CheckNetworks networks(String host) throws IOException {
        if (checkNetworks != null) {
            return CheckNetworks.of(checkNetworks);
        }
        return InetAddress.getByName(host).isLoopbackAddress() ? CheckNetworks.LOOPBACK : CheckNetworks.of(List.of());
    }

    /** Keeps registrations of Consul clients below the registry's data directory, if it has one. */
    private static ConsulApi consul(Treaty treaty, CheckNetworks networks) {
        Optional<Path> directory = treaty.settings().registryServer().data().map(data -> Path.of(data, "consul"));
        try {
            FileStore store = directory.isPresent() ? new FileStore(directory.get()) : null;
            SecuritySettings settings = treaty.settings().security();
            var protection = new RegistryProtection(
                    treaty.security().process().access(), settings.quotas(), settings.endpoints());
            return new ConsulApi(treaty.registry(), Time.system(), store, networks, protection);
        } catch (IOException e) {
            throw new CommandFailed("registrations of Consul clients cannot be kept in "
                    + directory.map(Path::toString).orElse("memory") + ": " + e.getMessage());
        }
    }

    @Override
    public void close() {
        closers.forEach(Runnable::run);
    }
}
