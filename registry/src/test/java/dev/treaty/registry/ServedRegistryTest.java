package dev.treaty.registry;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.ProcessorTime;
import dev.treaty.registry.client.RegistryConnection;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a program sees of a registry, within its process and through the protocol. */
class ServedRegistryTest {
    private static final ServiceContract CONTRACT =
            ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string");

    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
    private final RegistryService service = new RegistryService(table, Time.system(), Events.NONE);
    private final Handler handler =
            Dispatcher.of(RegistryProtocol.class, RegistryConnection.PROTOCOL, service, (call, cause) -> {
                throw new AssertionError(call.path(), cause);
            });

    enum Kind {
        EMBEDDED,
        NETWORK
    }

    private Registry open(Kind kind) {
        return open(kind, Events.NONE);
    }

    private Registry open(Kind kind, Events events) {
        return kind == Kind.EMBEDDED
                ? new EmbeddedRegistry(table, Time.system(), events)
                : new NetworkRegistry(
                        "treaty://test",
                        handler,
                        Principal.claimed("test"),
                        RegistryPolicy.STANDARD,
                        new RuntimeDependencies(Time.system(), RandomSource.system(), events));
    }

    @AfterEach
    void close() {
        service.close();
    }

    private static ServiceHealth warning() {
        return new ServiceHealth(Status.WARNING, "the disk is nearly full", STARTED, Map.of("disk", "91 %"));
    }

    @ParameterizedTest
    @EnumSource
    void an_update_leaves_health_alone_and_a_report_the_rest_R9(Kind kind) {
        try (Registry registry = open(kind)) {
            var registration = registry.register(Instances.of(ORDERS, "a"));
            registration.report(warning());
            ServiceInstance changed = Instances.of(ORDERS, "a").withWeight(7).withMetadata(Map.of("team", "orders"));
            registration.update(changed);
            assertThat(registration.instance()).isEqualTo(changed.withHealth(warning()));
            eventually(() -> registry.lookup(ORDERS).equals(List.of(changed.withHealth(warning()))));

            var passing = ServiceHealth.of(Status.PASSING, STARTED);
            registration.report(passing);
            eventually(() -> registry.lookup(ORDERS).equals(List.of(changed.withHealth(passing))));

            registration.drain();
            registration.update(changed.withWeight(8));
            eventually(() -> registry.lookup(ORDERS).getFirst().weight() == 8);
            assertThat(registry.lookup(ORDERS).getFirst().health().status()).isEqualTo(Status.DRAINING);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_refused_update_changes_nothing_R9(Kind kind) {
        try (Registry registry = open(kind)) {
            var registration = registry.register(Instances.of(ORDERS, "a"));
            registration.report(warning());
            ServiceInstance before = registration.instance();
            assertThatThrownBy(() -> registration.update(Instances.of(ORDERS, "b")))
                    .hasMessageContaining("an instance keeps its id");
            assertThatThrownBy(() -> registration.update(Instances.of(STOCK, "a")))
                    .hasMessageContaining("an instance keeps its service");
            assertThat(registration.instance()).isEqualTo(before);
            registration.close();
            registration.update(Instances.of(ORDERS, "a"));
            assertThat(registry.lookup(ORDERS)).as("after closing").isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void instances_are_listed_by_health(Kind kind) {
        try (Registry registry = open(kind)) {
            registry.register(Instances.of(ORDERS, "a"));
            registry.register(Instances.of(ORDERS, "b", Status.CRITICAL));
            registry.register(Instances.of(ORDERS, "c", Status.WARNING));
            assertThat(registry.lookup(ORDERS, EnumSet.of(Status.CRITICAL, Status.WARNING)))
                    .extracting(ServiceInstance::id)
                    .containsExactly("b", "c");
            assertThat(registry.lookup(ORDERS, EnumSet.noneOf(Status.class))).isEmpty();
            assertThat(registry.lookup(ORDERS)).hasSize(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_contract_is_withdrawn_unless_instances_of_its_version_are_registered(Kind kind) {
        var version = new Version(1, 0, 0);
        try (Registry registry = open(kind)) {
            registry.publish(CONTRACT);
            var registration = registry.register(Instances.of(ORDERS, "a"));
            assertThatThrownBy(() -> registry.withdraw(ORDERS, version))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("in use by 1 registered instances");
            assertThat(registry.contracts(ORDERS)).hasSize(1);
            registration.close();
            registry.withdraw(ORDERS, version);
            assertThat(registry.contracts(ORDERS)).isEmpty();
            assertThat(registry.contract(ORDERS)).isEmpty();
            assertThatThrownBy(() -> registry.withdraw(ORDERS, version))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no contract shop.Orders 1.0.0 is published");
        }
    }

    @Test
    void a_contract_that_an_operator_withdraws_before_its_process_registers_is_not_published_again() {
        var other = ServiceContract.parse("contract shop.Stock 1.0.0\ncount() -> int32");
        try (Registry process = open(Kind.NETWORK);
                Registry operator = open(Kind.NETWORK)) {
            process.publish(CONTRACT);
            operator.withdraw(ORDERS, CONTRACT.version());
            process.register(Instances.of(STOCK, "a"));
            process.publish(other); // the client of the registry publishes in the order of the first time

            assertThat(operator.contracts(STOCK)).containsExactly(other);
            assertThat(operator.contracts(ORDERS)).isEmpty();
        }
    }

    @Test
    void the_last_renewal_of_each_lease_is_read() {
        try (Registry registry = open(Kind.NETWORK);
                Registry embedded = open(Kind.EMBEDDED)) {
            registry.register(Instances.of(ORDERS, "a"));
            embedded.register(Instances.of(ORDERS, "without-lease"));
            for (Registry each : List.of(registry, embedded)) {
                Map<String, Optional<Instant>> renewals = each.renewals(ORDERS);
                assertThat(renewals).containsOnlyKeys("a");
                assertThat(Duration.between(
                                renewals.get("a").orElseThrow(), Time.system().instant()))
                        .isBetween(Duration.ZERO, Duration.ofSeconds(60));
            }
        }
    }

    /** What a listener may do: it must neither end nor delay a thread. */
    private static void fail(int event) {
        switch (event % 4) {
            case 0 -> throw new IllegalStateException("broken");
            case 1 -> throw new OutOfMemoryError("broken");
            case 2 -> Thread.currentThread().interrupt();
            default -> throw new AssertionError("broken");
        }
    }

    @ParameterizedTest
    @EnumSource
    void listeners_and_subscribers_that_fail_end_no_thread_R6(Kind kind) throws InterruptedException {
        var events = new AtomicInteger();
        var failures = new CopyOnWriteArrayList<Event.ThreadFailed>();
        Events subscriber = event -> {
            if (event instanceof Event.ThreadFailed failed) {
                failures.add(failed);
            }
            fail(events.getAndIncrement());
        };
        try (Registry registry = open(kind, subscriber)) {
            BlockingQueue<DiscoveryEvent> broken = new LinkedBlockingQueue<>();
            BlockingQueue<DiscoveryEvent> well = new LinkedBlockingQueue<>();
            Consumer<DiscoveryEvent> failing = event -> {
                broken.add(event);
                fail(broken.size());
            };
            try (var _ = registry.watch(ORDERS, failing);
                    var _ = registry.watch(ORDERS, well::add)) {
                for (int i = 0; i < 12; i++) {
                    long began = System.nanoTime();
                    table.register(
                            Instances.of(ORDERS, "i" + i), "a-long-token", Duration.ZERO, System.nanoTime(), STARTED);
                    assertThat(well.poll(60, TimeUnit.SECONDS)).isNotNull();
                    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
                }
                eventually(() -> broken.size() == 12);
                eventually(() -> failures.size() >= 9);
                assertThat(failures).allMatch(failed -> failed.thread().equals("treaty-watch-" + ORDERS));
            }
        }
    }

    @Test
    void a_crowd_that_waits_for_the_first_list_is_released_at_little_cost() throws InterruptedException {
        table.register(Instances.of(ORDERS, "a"), "a-long-token", Duration.ZERO, System.nanoTime(), STARTED);
        int callers = 32_000;
        var gate = new CountDownLatch(1);
        var asked = new AtomicInteger();
        var released = new CountDownLatch(callers);
        Handler gated = call -> {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return handler.handle(call);
        };
        var patient = new RegistryPolicy(
                Duration.ofSeconds(10),
                Duration.ofMinutes(2),
                Duration.ofMillis(100),
                Duration.ofSeconds(2),
                Duration.ofSeconds(20),
                SelfPreservationPolicy.STANDARD);
        try (var registry = new NetworkRegistry(
                "treaty://test", gated, Principal.claimed("test"), patient, RuntimeDependencies.system(Events.NONE))) {
            for (int i = 0; i < callers; i++) {
                Thread.startVirtualThread(() -> {
                    asked.incrementAndGet();
                    if (registry.instances(ORDERS).size() == 1) {
                        released.countDown();
                    }
                });
            }
            eventually(() -> asked.get() == callers);
            Duration before = ProcessorTime.used();
            gate.countDown();
            assertThat(released.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(ProcessorTime.used().minus(before)).isLessThan(Duration.ofSeconds(2));
        }
    }

    private static RegistryProtocol.Instance at(String protocol, String host, int port) {
        return new RegistryProtocol.Instance(
                "a",
                "shop.Orders",
                "1.0.0",
                protocol,
                host,
                port,
                Optional.empty(),
                "",
                "",
                100,
                "",
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void a_registry_refuses_endpoints_that_no_client_can_call_R8() {
        for (String host : List.of("0.0.0.0", "::", "300.1.1.1", "1.2.3.4:80")) {
            assertThatThrownBy(() -> service.register(at("http", host, 80), "a-long-token", 10_000))
                    .hasMessageContaining("the host " + host + " cannot be used");
        }
        assertThatThrownBy(() -> RegistryAddress.parse("treaty://0.0.0.0:7400")).hasMessageContaining("0.0.0.0");
        assertThat(new ServiceEndpoint("http", "10.1.2.3", 80).port()).isEqualTo(80);
    }
}
