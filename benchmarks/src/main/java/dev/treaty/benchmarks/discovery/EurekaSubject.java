package dev.treaty.benchmarks.discovery;

import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.DataCenterInfo;
import com.netflix.appinfo.InstanceInfo;
import com.netflix.appinfo.LeaseInfo;
import com.netflix.appinfo.MyDataCenterInfo;
import com.netflix.appinfo.MyDataCenterInstanceConfig;
import com.netflix.discovery.CacheRefreshedEvent;
import com.netflix.discovery.DefaultEurekaClientConfig;
import com.netflix.discovery.DiscoveryClient;
import com.netflix.discovery.shared.Application;
import com.netflix.discovery.shared.transport.jersey3.Jersey3TransportClientFactories;
import dev.treaty.benchmarks.JvmProcess;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Eureka's own server and client, as they come. */
final class EurekaSubject implements Subject {
    private static final Duration START = Duration.ofMinutes(1);

    @Override
    public String name() {
        return "eureka";
    }

    @Override
    public String about() {
        return "Eureka's server in a process of its own, and its clients, with their defaults: clients and the server's"
                + " cache of answers look every 30 s. Instances are registered at once, by the request that a client"
                + " would send 40 s after its start";
    }

    @Override
    public boolean polls() {
        return true;
    }

    @Override
    public Running start() throws IOException, InterruptedException {
        JvmProcess server = JvmProcess.start("Eureka", EurekaServer.class, List.of());
        int port;
        try {
            port = server.answer(Integer.class, START);
        } catch (IOException | InterruptedException e) {
            server.close();
            throw e;
        }
        String url = "http://127.0.0.1:" + port + EurekaServer.PATH;
        return new Running() {
            @Override
            public Subject.Client client() {
                return new Client(url);
            }

            @Override
            public Optional<RegistryAddress> address() {
                return Optional.empty();
            }

            @Override
            public OptionalLong memoryBytes() throws IOException {
                try {
                    return OptionalLong.of(server.ask("memory", Long.class, START));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }

            @Override
            public void close() {
                server.close();
            }
        };
    }

    private static InstanceInfo instance(String id) {
        return InstanceInfo.Builder.newBuilder()
                .setInstanceId(id)
                .setAppName(SERVICE)
                .setVIPAddress(SERVICE)
                .setHostName("127.0.0.1")
                .setIPAddr("127.0.0.1")
                .setPort(8080)
                .setDataCenterInfo(new MyDataCenterInfo(DataCenterInfo.Name.MyOwn))
                .setLeaseInfo(LeaseInfo.Builder.newBuilder().build())
                .setStatus(InstanceInfo.InstanceStatus.UP)
                .add("zone", "eu-1a")
                .add("team", "bench")
                .build();
    }

    /** Where a client finds the server; the rest are the defaults. */
    private static final class Config extends DefaultEurekaClientConfig {
        private final String url;

        Config(String url) {
            this.url = url;
        }

        @Override
        public List<String> getEurekaServerServiceUrls(String zone) {
            return List.of(url);
        }

        @Override
        public boolean shouldRegisterWithEureka() {
            return false; // a client registers one instance and no more, so instances are registered beside it
        }
    }

    private static final class Client implements Subject.Client {
        private final String url;
        private final HttpClient http = HttpClient.newHttpClient();
        private final List<DiscoveryClient> watching = new ArrayList<>();

        Client(String url) {
            this.url = url;
        }

        @Override
        public AutoCloseable register(String id) throws IOException {
            String app = url + "apps/" + SERVICE;
            String json = com.netflix.discovery.converters.wrappers.CodecWrappers.getEncoder(
                            com.netflix.discovery.converters.wrappers.CodecWrappers.LegacyJacksonJson.class)
                    .encode(instance(id));
            send(HttpRequest.newBuilder(URI.create(app))
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(json))
                    .build());
            return () -> send(
                    HttpRequest.newBuilder(URI.create(app + "/" + id)).DELETE().build());
        }

        private void send(HttpRequest request) throws IOException {
            try {
                int status = http.send(request, BodyHandlers.discarding()).statusCode();
                if (status / 100 != 2) {
                    throw new IOException("Eureka answers " + request.method() + " with HTTP status " + status);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        @Override
        public void watch(Consumer<String> added) {
            var self = new ApplicationInfoManager(new MyDataCenterInstanceConfig(), instance("watcher"));
            var client = new DiscoveryClient(self, new Config(url), Jersey3TransportClientFactories.getInstance());
            watching.add(client);
            Set<String> known = ConcurrentHashMap.newKeySet();
            client.registerEventListener(event -> {
                Application application = event instanceof CacheRefreshedEvent ? client.getApplication(SERVICE) : null;
                if (application != null) {
                    application.getInstances().stream()
                            .map(InstanceInfo::getInstanceId)
                            .filter(known::add)
                            .forEach(added);
                }
            });
        }

        @Override
        public void close() {
            watching.forEach(DiscoveryClient::shutdown);
            http.close();
        }
    }
}
