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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Services that can never be found in DNS, and servers that cannot be found. */
class DnsFaultsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Treaty known = Treaty.open();
    private final DnsServer server =
            new DnsServer(known.registry(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "treaty");

    @AfterEach
    void close() {
        server.close();
        known.close();
    }

    private void register(String id, String host) {
        var endpoint = new ServiceEndpoint("http", host, 8080);
        known.registry()
                .register(ServiceInstance.of(id, ORDERS, new Version(1, 0, 0), endpoint, STARTED)
                        .withHealth(ServiceHealth.of(Status.PASSING, STARTED)));
    }

    private static void await(BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Treaty asking(String host, int port) {
        return Treaty.open(Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=" + host + ":" + port)));
    }

    @Test
    void a_name_that_dns_cannot_have_is_trouble_of_that_service_alone() {
        var unfit = new ServiceName("shop." + "O".repeat(64));
        register("a", "127.0.0.1");
        try (var treaty = asking("127.0.0.1", server.port())) {
            assertThat(treaty.registry().instances(unfit)).isEmpty();
            await(() -> treaty.registry().instances(ORDERS).size() == 1);
            await(() -> treaty.registry().problem(unfit).isPresent());
            assertThat(treaty.registry().problem(unfit).orElseThrow()).contains("cannot be in DNS");
            assertThat(treaty.registry().problem(ORDERS)).isEmpty();
            register("b", "127.0.0.2");
            await(() -> treaty.registry().instances(ORDERS).size() == 2);
            assertThatExceptionOfType(ServiceException.class)
                    .isThrownBy(() -> treaty.registry().lookup(unfit))
                    .withMessageContaining("cannot be in DNS");
        }
    }

    @Test
    void a_server_that_is_not_known_is_trouble_and_one_with_a_name_is_asked() {
        register("a", "127.0.0.1");
        try (var nowhere = asking("nowhere.invalid", server.port());
                var named = asking("localhost", server.port())) {
            assertThat(nowhere.registry().instances(ORDERS)).isEmpty();
            await(() -> nowhere.registry().problem().orElse("").contains("the DNS server is not known"));
            await(() -> named.registry().instances(ORDERS).size() == 1);
        }
    }
}
