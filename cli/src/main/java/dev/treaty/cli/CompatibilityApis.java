package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.compat.ConsulApi;
import dev.treaty.registry.compat.PrometheusApi;
import dev.treaty.registry.dns.DnsServer;
import dev.treaty.registry.server.FileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What else a registry's process offers, where it is asked to: doors for programs that speak other languages. */
final class CompatibilityApis {
    @Option(
            names = "--doors-port",
            paramLabel = "PORT",
            description = "Also answer Consul's HTTP API below /v1/ and Prometheus's service discovery at /prometheus/"
                    + " on this port; 0 for any free one.")
    private @Nullable Integer doorsPort;

    @Option(
            names = "--dns-port",
            paramLabel = "PORT",
            description = "Also answer DNS over UDP and TCP on this port; 0 for any free one.")
    private @Nullable Integer dnsPort;

    @Option(
            names = "--dns-zone",
            paramLabel = "ZONE",
            defaultValue = "treaty",
            description = "What names end with in DNS; treaty where it is left out, as in shop.Orders.treaty.")
    @SuppressWarnings("NullAway.Init") // has a default
    private String dnsZone;

    /** What was opened. */
    record Open(Optional<HttpServer> server, Optional<ConsulApi> consul, Optional<DnsServer> dns)
            implements AutoCloseable {
        /** Where each can be reached, by its name. */
        Map<String, String> addresses(String host) {
            var addresses = new LinkedHashMap<String, String>();
            server.ifPresent(s -> {
                String at = "http://" + host + ":" + s.endpoint().port();
                addresses.put("consul", at);
                addresses.put("prometheus", at + "/prometheus/targets");
            });
            dns.ifPresent(d -> addresses.put("dns", host + ":" + d.port()));
            return addresses;
        }

        @Override
        public void close() {
            dns.ifPresent(DnsServer::close);
            consul.ifPresent(ConsulApi::close);
            server.ifPresent(HttpServer::close);
        }
    }

    /**
     * Opens what was asked for, where the registry listens.
     *
     * @throws CommandFailed where it cannot listen there
     */
    Open open(Treaty treaty, String host) {
        Optional<DnsServer> dns = Optional.empty();
        try {
            dns = Optional.ofNullable(dnsPort)
                    .map(port -> new DnsServer(treaty.registry(), new InetSocketAddress(host, port), dnsZone));
            if (doorsPort == null) {
                return new Open(Optional.empty(), Optional.empty(), dns);
            }
            var options = HttpServerOptions.STANDARD.at(host, doorsPort);
            var server = new HttpServer(options, Time.system(), RandomSource.system());
            ConsulApi consul;
            try {
                consul = consul(treaty);
            } catch (CommandFailed e) {
                server.close();
                dns.ifPresent(DnsServer::close);
                throw e;
            }
            server.handle("/v1/", consul);
            server.handle("/prometheus/", new PrometheusApi(treaty.registry()));
            return new Open(Optional.of(server), Optional.of(consul), dns);
        } catch (UncheckedIOException | IllegalArgumentException e) {
            dns.ifPresent(DnsServer::close);
            throw new CommandFailed(e.getMessage() + "; choose another port with --doors-port or --dns-port");
        }
    }

    /** A door that keeps what registers there beside the rest of the registry's state, where that is kept. */
    private static ConsulApi consul(Treaty treaty) {
        Optional<String> data = treaty.settings().registryServer().data();
        if (data.isEmpty()) {
            return new ConsulApi(treaty.registry(), Time.system());
        }
        Path directory = Path.of(data.get(), "consul");
        try {
            var store = new FileStore(directory);
            try {
                return new ConsulApi(treaty.registry(), Time.system(), store);
            } catch (IOException e) {
                store.close();
                throw e;
            }
        } catch (IOException e) {
            throw new CommandFailed(
                    "what registered as with Consul cannot be kept in " + directory + ": " + e.getMessage());
        }
    }
}
