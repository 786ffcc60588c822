package dev.treaty.registry.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.simulation.Polling;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Services that cannot be in DNS, and DNS servers that cannot be found. */
class DnsFaultsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Treaty registered = Treaty.open();
    private final DnsServer server =
            new DnsServer(registered.registry(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "treaty");

    @AfterEach
    void close() {
        server.close();
        registered.close();
    }

    private void register(String id, String host) {
        var endpoint = new ServiceEndpoint("http", host, 8080);
        registered
                .registry()
                .register(ServiceInstance.of(id, ORDERS, new Version(1, 0, 0), endpoint, STARTED)
                        .withHealth(ServiceHealth.of(Status.PASSING, STARTED)));
    }

    private static Treaty client(String host, int port) {
        return Treaty.open(Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=" + host + ":" + port)));
    }

    @Test
    void an_invalid_name_is_a_problem_of_that_service_only() {
        var unfit = new ServiceName("shop." + "O".repeat(64));
        register("a", "127.0.0.1");
        try (var treaty = client("127.0.0.1", server.port())) {
            assertThat(treaty.registry().instances(unfit)).isEmpty();
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 1);
            Polling.until(() -> treaty.registry().problem(unfit).isPresent());
            assertThat(treaty.registry().problem(unfit).orElseThrow()).contains("cannot be in DNS");
            assertThat(treaty.registry().problem(ORDERS)).isEmpty();
            register("b", "127.0.0.2");
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 2);
            assertThatExceptionOfType(ServiceException.class)
                    .isThrownBy(() -> treaty.registry().lookup(unfit))
                    .withMessageContaining("cannot be in DNS");
        }
    }

    @Test
    void an_unknown_server_is_a_problem_and_a_server_may_have_a_name() {
        register("a", "127.0.0.1");
        try (var nowhere = client("nowhere.invalid", server.port());
                var named = client("localhost", server.port())) {
            assertThat(nowhere.registry().instances(ORDERS)).isEmpty();
            Polling.until(() -> nowhere.registry().problem().orElse("").contains("the DNS server is unknown"));
            Polling.until(() -> named.registry().instances(ORDERS).size() == 1);
        }
    }
}
