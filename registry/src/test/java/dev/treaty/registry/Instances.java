package dev.treaty.registry;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Instant;

/** Instances for tests. */
public final class Instances {
    public static final ServiceName ORDERS = new ServiceName("shop.Orders");
    public static final ServiceName STOCK = new ServiceName("shop.Stock");
    public static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private Instances() {}

    public static ServiceInstance of(ServiceName service, String id, Status status) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
        return ServiceInstance.of(id, service, new Version(1, 0, 0), endpoint, STARTED)
                .withHealth(ServiceHealth.of(status, STARTED))
                .withPlace("eu", "eu-1a");
    }

    public static ServiceInstance of(ServiceName service, String id) {
        return of(service, id, Status.PASSING);
    }
}
