package dev.treaty.cli.up;

import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.config.RunSettings;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.health.HealthCheck;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HealthProbes;
import java.time.Instant;
import java.util.function.Consumer;

/** A service that runs elsewhere and knows nothing of us: registered as it is, and asked how it feels. */
final class ExternalService implements AutoCloseable {
    private final Registration registration;
    private final HealthProbes probes;
    private final HealthCheck check;

    ExternalService(RunSettings.Existing service, Registry registry, Consumer<String> lines) {
        ServiceEndpoint endpoint = service.endpoint();
        this.registration = registry.register(ServiceInstance.of(
                service.name() + "@" + endpoint.authority(),
                service.name(),
                service.version(),
                endpoint,
                Instant.now()));
        ServiceInstance instance = registration.instance();
        lines.accept("registered as " + instance.id());
        this.probes = new HealthProbes(Time.system(), service.check().timeout());
        this.check = HealthCheck.start(
                instance.id(),
                probes.of(service.health(), service.name(), endpoint),
                service.check(),
                instance.health(),
                health -> tell(health, lines),
                Time.system(),
                RandomSource.system());
    }

    private void tell(ServiceHealth health, Consumer<String> lines) {
        registration.report(health);
        lines.accept(JsonDocuments.word(health) + ": " + health.message());
    }

    @Override
    public void close() {
        check.close();
        registration.close();
        probes.close();
    }
}
