package dev.treaty.registry.compat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import dev.treaty.http.RawHandler.Answer;
import dev.treaty.http.RawHandler.Request;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.FileStore;
import dev.treaty.registry.server.RegistryTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The indexes of Consul's blocking queries, which tell a client whether something has changed. */
class ConsulIndexesTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final String HEALTH = "/v1/health/service/shop.Orders";
    private static final String SERVICES = "/v1/catalog/services";

    private final ManualTime time = new ManualTime();
    private final EmbeddedRegistry registry =
            new EmbeddedRegistry(new RegistryTable(RegistryLimits.STANDARD, RandomSource.system()), time, Events.NONE);

    @AfterEach
    void close() {
        registry.close();
    }

    private ServiceInstance instance(String id, String tags) {
        return ServiceInstance.of(
                        id,
                        ORDERS,
                        new Version(1, 0, 0),
                        new ServiceEndpoint("http", "127.0.0.1", 8080),
                        time.instant())
                .withHealth(ServiceHealth.of(Status.PASSING, time.instant()))
                .withMetadata(Map.of("tags", tags));
    }

    private static Answer ask(ConsulApi api, String path, String... parameters) throws InterruptedException {
        var query = new HashMap<String, List<String>>();
        for (String parameter : parameters) {
            query.put(parameter.replaceFirst("=.*", ""), List.of(parameter.replaceFirst("[^=]*=", "")));
        }
        return api.answer(new Request("GET", path, query, new byte[0], Principal.ANONYMOUS));
    }

    private static long index(ConsulApi api, String path) throws InterruptedException {
        return Long.parseLong(ask(api, path).headers().getOrDefault("X-Consul-Index", "0"));
    }

    @Test
    void an_index_moves_with_each_change_that_its_answer_shows_R3() throws Exception {
        try (var api = new ConsulApi(registry, time)) {
            long empty = index(api, HEALTH);
            var first = registry.register(instance("a", "blue"));
            long one = index(api, HEALTH);
            long names = index(api, SERVICES);
            assertThat(one).isGreaterThan(empty);
            assertThat(index(api, HEALTH)).isEqualTo(one);

            first.report(new ServiceHealth(Status.WARNING, "slow", time.instant(), Map.of()));
            long reported = index(api, HEALTH);
            assertThat(reported).isGreaterThan(one);
            assertThat(index(api, SERVICES)).as("it shows no health").isEqualTo(names);

            time.advance(Duration.ofSeconds(1));
            first.report(new ServiceHealth(Status.WARNING, "slow", time.instant(), Map.of()));
            assertThat(index(api, HEALTH)).as("it shows no times").isEqualTo(reported);

            registry.register(instance("b", "green"));
            assertThat(index(api, SERVICES)).as("another tag").isGreaterThan(names);
            assertThat(index(api, "/v1/health/state/any")).isEqualTo(index(api, HEALTH));
        }
    }

    @Test
    void an_index_never_goes_back_R3() throws Exception {
        try (var api = new ConsulApi(registry, time)) {
            long before = 0;
            for (int i = 0; i < 5; i++) {
                var registration = registry.register(instance("a", "blue"));
                long present = index(api, HEALTH);
                assertThat(present).isGreaterThan(before);
                registration.close();
                before = index(api, HEALTH);
                assertThat(before).isGreaterThan(present);
                assertThat(index(api, "/v1/health/service/unknown")).isEqualTo(before);
            }
        }
    }

    @Test
    void an_index_does_not_repeat_after_a_restart_R3() throws Exception {
        long before;
        try (var api = new ConsulApi(registry, time)) {
            registry.register(instance("a", "blue"));
            before = index(api, HEALTH);
        }
        time.advance(Duration.ofSeconds(1));
        try (var api = new ConsulApi(registry, time)) {
            assertThat(index(api, HEALTH)).isGreaterThan(before);
        }
    }

    @Test
    void an_index_does_not_repeat_after_a_restart_with_a_wrong_clock_R3(@TempDir Path data) throws Exception {
        registry.register(instance("a", "blue"));
        long before;
        try (var api = new ConsulApi(registry, time, new FileStore(data), CheckNetworks.LOOPBACK)) {
            before = index(api, HEALTH);
        }
        var earlier = new ManualTime();
        assertThat(earlier.instant()).isBeforeOrEqualTo(time.instant());
        try (var api = new ConsulApi(registry, earlier, new FileStore(data), CheckNetworks.LOOPBACK)) {
            assertThat(index(api, HEALTH)).isGreaterThan(before);
        }
    }

    @Test
    void queries_for_unknown_names_block_and_cost_nothing_R3() throws Exception {
        try (var api = new ConsulApi(registry, time)) {
            long index = index(api, "/v1/health/service/unknown0");
            for (int i = 0; i < 3_000; i++) {
                assertThat(index(api, "/v1/health/service/unknown" + i)).isEqualTo(index);
            }
            assertThat(index(api, "/v1/health/service/not%20a%20name")).isEqualTo(index);
            var blocked = new Thread(() -> {
                try {
                    ask(api, "/v1/health/service/unknown", "index=" + index, "wait=5m");
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            blocked.start();
            while (blocked.getState() != Thread.State.WAITING && blocked.getState() != Thread.State.TIMED_WAITING) {
                assertThat(blocked.isAlive()).as("the query waits").isTrue();
                Thread.onSpinWait();
            }
            blocked.interrupt();
            blocked.join();
        }
    }
}
