package dev.treaty.cli;

import dev.treaty.config.RunSettings;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A service that runs elsewhere and knows nothing of us: registered as it is, and asked how it feels. */
final class UpExisting implements AutoCloseable {
    /** How often it is asked. */
    static final Duration INTERVAL = Duration.ofSeconds(2);

    /** How long it may take to answer. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private final URI health;
    private final Registration registration;
    private final Consumer<String> lines;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final Thread asker;

    UpExisting(RunSettings.Existing service, Registry registry, Consumer<String> lines) {
        this.health = service.address().resolve(service.health());
        this.lines = lines;
        URI address = service.address();
        int port =
                address.getPort() > 0 ? address.getPort() : address.getScheme().equals("https") ? 443 : 80;
        var endpoint = new ServiceEndpoint(address.getScheme(), address.getHost(), port);
        this.registration = registry.register(ServiceInstance.of(
                service.name() + "@" + endpoint.authority(),
                service.name(),
                service.version(),
                endpoint,
                Instant.now()));
        lines.accept("registered as " + registration.instance().id());
        this.asker = Thread.ofVirtual().name("health of " + service.name()).start(this::ask);
    }

    private void ask() {
        try {
            while (true) {
                ServiceHealth now = answer();
                ServiceHealth before = registration.instance().health();
                if (now.status() != before.status() || !now.message().equals(before.message())) {
                    registration.report(now);
                    lines.accept(Documents.word(now) + ": " + now.message());
                }
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
            }
        } catch (InterruptedException e) {
            // it is over
        }
    }

    private ServiceHealth answer() throws InterruptedException {
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(health).timeout(PATIENCE).build();
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return health(status / 100 == 2 ? Status.PASSING : Status.CRITICAL, health + " answers " + status);
        } catch (IOException e) {
            return health(Status.CRITICAL, health + " does not answer");
        }
    }

    private static ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, Instant.now(), Map.of());
    }

    @Override
    public void close() {
        asker.interrupt();
        registration.close();
        client.shutdownNow();
    }
}
