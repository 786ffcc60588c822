package dev.treaty.cli.up;

import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.config.RunSettings;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.health.HealthCheck;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HealthProbes;
import java.time.Instant;
import java.util.function.Consumer;

/** Registers and health-checks a service that runs elsewhere and does not use Treaty. */
final class ExternalService implements AutoCloseable {
    private final Registration registration;
    private final HealthProbes probes;
    private final HealthCheck check;

    ExternalService(RunSettings.Existing service, Registry registry, Consumer<String> lines) {
        ServiceEndpoint endpoint = service.endpoint();
        // Clients call https only if the server proves to be one of the service; other programs find it as tcp.
        String protocol = endpoint.protocol().equals("https") ? "tcp" : endpoint.protocol();
        this.registration = registry.register(ServiceInstance.of(
                service.name() + "@" + endpoint.authority(),
                service.name(),
                service.version(),
                new ServiceEndpoint(protocol, endpoint.host(), endpoint.port()),
                Instant.now()));
        ServiceInstance instance = registration.instance();
        lines.accept("registered as " + instance.id());
        this.probes = new HealthProbes(Time.system(), service.check().timeout());
        this.check = HealthCheck.start(
                instance.id(),
                probes.of(service.health(), service.name(), endpoint),
                service.check(),
                instance.health(),
                health -> {
                    registration.report(health);
                    lines.accept(JsonDocuments.word(health) + ": " + health.message());
                },
                Time.system(),
                RandomSource.system());
    }

    @Override
    public void close() {
        check.close();
        registration.close();
        probes.close();
    }
}
