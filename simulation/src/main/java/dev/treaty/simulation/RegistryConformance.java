package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.CentralSettings;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.DiscoveryEvent.Updated;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tests that every {@link Registry} passes. The test class of a registry extends this one and opens clients; all
 * clients of a test share one registry, which is empty at first.
 */
public abstract class RegistryConformance {
    /** The service of most tests. */
    protected static final ServiceName ORDERS = new ServiceName("shop.Orders");

    /** Another service. */
    protected static final ServiceName STOCK = new ServiceName("shop.Stock");

    /** When the instances were started. */
    protected static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final List<Registry> opened = new ArrayList<>();

    /** For the tests of a registry. */
    protected RegistryConformance() {}

    /** The first client of the test. */
    private Registry registry;

    /** Opens another client of the registry of this test. */
    protected abstract Registry open();

    /** Stops the registry of this test, after its clients have been closed. */
    protected void shutDown() {}

    /** Opens a client that is closed at the end of the test. */
    protected final Registry client() {
        return closing(open());
    }

    /** Closes a client at the end of the test. */
    protected final Registry closing(Registry registry) {
        opened.add(registry);
        return registry;
    }

    /** Records what a client notifies a watcher of, from now on. */
    protected static WatchRecorder watch(Registry watching, ServiceName service) {
        var watcher = new WatchRecorder();
        watching.watch(service, watcher);
        return watcher;
    }

    @BeforeEach
    void begin() {
        registry = client();
    }

    @AfterEach
    void end() {
        opened.forEach(Registry::close);
        shutDown();
    }

    /** Returns a healthy instance. */
    protected static ServiceInstance instance(ServiceName service, String id) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
        return ServiceInstance.of(id, service, new Version(1, 4, 0), endpoint, STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED))
                .withPlace("eu", "eu-1a")
                .withWeight(300)
                .withContract("0123456789abcdef0123456789abcdef")
                .withMetadata(Map.of("team", "orders", "commit", "f00"));
    }

    /** Returns a health with details. */
    protected static ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, STARTED.plusSeconds(60), Map.of("queue", "12"));
    }

    private static ServiceContract contract(String version) {
        return ServiceContract.parse("contract shop.Orders " + version + "\n\nget(id: string) -> string\n");
    }

    @Test
    void a_registered_instance_is_found_unchanged() {
        var orders = instance(ORDERS, "orders-1");

        var registration = registry.register(orders);

        assertThat(registration.instance()).isEqualTo(orders);
        Polling.until(() -> registry.services().equals(Set.of(ORDERS)));
        assertThat(registry.instances(ORDERS)).containsExactly(orders);
        assertThat(client().instances(ORDERS)).containsExactly(orders);
    }

    @Test
    void an_empty_registry_has_no_services_instances_or_contracts() {
        assertThat(registry.services()).isEmpty();
        assertThat(registry.instances(ORDERS)).isEmpty();
        assertThat(registry.contract(ORDERS)).isEmpty();
        // A query that timed out is a problem until another one succeeds.
        Polling.until(() -> registry.services().isEmpty() && registry.problem().isEmpty());
        assertThat(registry.address()).isNotBlank();
    }

    @Test
    void instances_are_sorted_by_id() {
        for (String id : List.of("c", "a", "d", "b")) {
            registry.register(instance(ORDERS, id));
        }

        assertThat(registry.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("a", "b", "c", "d");
    }

    @Test
    void a_lookup_returns_the_current_instances() {
        assertThat(Polling.result(() -> registry.lookup(ORDERS))).isEmpty();
        var b = registry.register(instance(ORDERS, "b"));
        registry.register(instance(ORDERS, "a"));
        registry.register(instance(STOCK, "other"));

        var other = client();
        assertThat(Polling.result(() -> other.lookup(ORDERS)))
                .containsExactly(instance(ORDERS, "a"), instance(ORDERS, "b"));
        b.close();
        assertThat(Polling.result(() -> registry.lookup(ORDERS))).containsExactly(instance(ORDERS, "a"));
    }

    @Test
    void a_watch_begins_with_the_current_set() {
        registry.register(instance(ORDERS, "b"));
        registry.register(instance(ORDERS, "a"));
        registry.register(instance(STOCK, "other"));

        var watcher = watch(client(), ORDERS);

        assertThat(watcher.pending())
                .as("events before watch() returns")
                .extracting(event -> event.instance().id())
                .containsExactly("a", "b");
        assertThat(watcher.pending()).allMatch(event -> event instanceof Added);
    }

    @Test
    void every_change_is_emitted_in_order_with_the_previous_state() {
        var watcher = watch(client(), ORDERS);
        assertThat(watcher.pending()).isEmpty();
        var orders = instance(ORDERS, "orders-1");

        var registration = registry.register(orders);
        var added = watcher.next(Added.class);
        assertThat(added.instance()).isEqualTo(orders);

        registration.report(health(Status.WARNING, "the disk is filling up"));
        var warned = watcher.next(Updated.class);
        assertThat(warned.before()).isEqualTo(orders);
        assertThat(warned.instance()).isEqualTo(orders.withHealth(health(Status.WARNING, "the disk is filling up")));
        assertThat(warned.timestamp()).isAfterOrEqualTo(added.timestamp());

        registration.report(health(Status.CRITICAL, "the disk is full"));
        var critical = watcher.next(Updated.class);
        assertThat(critical.before()).isEqualTo(warned.instance());
        assertThat(critical.instance().health()).isEqualTo(health(Status.CRITICAL, "the disk is full"));
        assertThat(registration.instance()).isEqualTo(critical.instance());

        registration.close();
        var removed = watcher.next(Removed.class);
        assertThat(removed.instance()).isEqualTo(critical.instance());
        assertThat(removed.reason()).isEqualTo("closed");
        assertThat(removed.timestamp()).isAfterOrEqualTo(critical.timestamp());
        assertThat(registry.instances(ORDERS)).isEmpty();
        Polling.until(() -> registry.services().isEmpty());
    }

    @Test
    void a_report_without_a_change_emits_nothing() {
        var registration = registry.register(instance(ORDERS, "orders-1"));
        var watcher = watch(client(), ORDERS);
        watcher.next(Added.class);

        registration.report(ServiceHealth.of(Status.PASSING, STARTED.plusSeconds(5)));
        registration.report(health(Status.WARNING, "a change"));

        assertThat(watcher.next(Updated.class).instance().health().status()).isEqualTo(Status.WARNING);
    }

    @Test
    void draining_is_emitted_and_permanent() {
        var registration = registry.register(instance(ORDERS, "orders-1"));
        var watcher = watch(client(), ORDERS);
        watcher.next(Added.class);

        registration.drain();
        registration.report(health(Status.PASSING, "a check that came late"));

        assertThat(watcher.next(Updated.class).instance().health().status()).isEqualTo(Status.DRAINING);
        assertThat(registry.instances(ORDERS)).as("it is still registered").hasSize(1);
        registration.close();
        assertThat(watcher.next(Removed.class).instance().health().status()).isEqualTo(Status.DRAINING);
    }

    @Test
    void closing_a_registration_twice_has_no_further_effect() {
        var watcher = watch(registry, ORDERS);
        var registration = registry.register(instance(ORDERS, "orders-1"));
        watcher.next(Added.class);
        registration.close();
        registration.close();
        registration.report(health(Status.WARNING, "after the end"));
        registration.drain();
        registry.register(instance(ORDERS, "orders-1"));

        watcher.next(Removed.class);
        watcher.next(Added.class);
        assertThat(watcher.pending()).isEmpty();
    }

    @Test
    void all_watchers_receive_the_same_events() {
        var same = client();
        var one = watch(same, ORDERS);
        var other = watch(same, ORDERS);
        var third = watch(client(), ORDERS);

        try (Registration registration = registry.register(instance(ORDERS, "orders-1"))) {
            for (WatchRecorder watcher : List.of(one, other, third)) {
                assertThat(watcher.next(Added.class).instance()).isEqualTo(registration.instance());
            }
        }
        for (WatchRecorder watcher : List.of(one, other, third)) {
            watcher.next(Removed.class);
        }
    }

    @Test
    void a_watcher_receives_events_of_its_service_only() {
        var watching = client();
        var orders = watch(watching, ORDERS);
        var stock = watch(watching, STOCK);

        registry.register(instance(STOCK, "stock-1"));
        registry.register(instance(ORDERS, "orders-1"));

        assertThat(orders.next(Added.class).instance().id()).isEqualTo("orders-1");
        assertThat(stock.next(Added.class).instance().id()).isEqualTo("stock-1");
    }

    @Test
    void a_closed_subscription_receives_no_events() {
        var watching = client();
        var gone = new WatchRecorder();
        Subscription subscription = watching.watch(ORDERS, gone);
        var there = watch(watching, ORDERS);

        subscription.close();
        subscription.close();
        registry.register(instance(ORDERS, "orders-1"));

        there.next(Added.class);
        assertThat(gone.pending()).isEmpty();
    }

    @Test
    void a_watcher_may_unsubscribe_during_an_event() {
        registry.register(instance(ORDERS, "a"));
        var watching = client();
        var watcher = new WatchRecorder();
        var subscriptions = new CopyOnWriteArrayList<Subscription>();
        subscriptions.add(watching.watch(ORDERS, event -> {
            watcher.accept(event);
            subscriptions.forEach(Subscription::close);
        }));
        watcher.next(Added.class);
        var there = watch(watching, ORDERS);
        there.next(Added.class);

        registry.register(instance(ORDERS, "b"));
        assertThat(watcher.next(Added.class).instance().id()).isEqualTo("b");
        registry.register(instance(ORDERS, "c"));
        there.until(view -> view.size() == 3);

        assertThat(watcher.pending()).isEmpty();
    }

    @Test
    void a_service_can_be_watched_again_after_its_last_watcher_unsubscribed() {
        registry.register(instance(ORDERS, "a"));
        var watching = client();
        try (Subscription _ = watching.watch(ORDERS, new WatchRecorder())) {
            assertThat(watching.instances(ORDERS)).hasSize(1);
        }
        registry.register(instance(ORDERS, "b"));

        var watcher = watch(watching, ORDERS);

        assertThat(watcher.until(view -> view.size() == 2)).containsOnlyKeys("a", "b");
    }

    @Test
    void a_watcher_that_throws_does_not_affect_others() {
        registry.register(instance(ORDERS, "a"));
        var watching = client();
        var failing = new WatchRecorder();
        watching.watch(ORDERS, event -> {
            failing.accept(event);
            throw new IllegalStateException("this watcher always throws; the stack trace in the log is expected");
        });
        var well = watch(watching, ORDERS);

        registry.register(instance(ORDERS, "b"));

        well.until(view -> view.size() == 2);
        failing.until(view -> view.size() == 2);
    }

    @Test
    void a_slow_watcher_does_not_delay_others_and_misses_nothing() {
        var watching = client();
        var slow = new WatchRecorder();
        var held = new CountDownLatch(1);
        watching.watch(ORDERS, event -> {
            try {
                held.await();
                slow.accept(event);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var quick = watch(watching, ORDERS);
        var registration = registry.register(instance(ORDERS, "a"));
        registry.register(instance(ORDERS, "b"));
        quick.until(view -> view.size() == 2);
        registration.close();
        quick.until(view -> view.size() == 1);
        assertThat(slow.pending()).isEmpty();

        held.countDown();

        assertThat(slow.until(view -> view.size() == 1 && view.containsKey("b")))
                .containsOnlyKeys("b");
    }

    @Test
    void instances_are_listed_by_health() {
        registry.register(instance(ORDERS, "passing"));
        registry.register(instance(ORDERS, "critical")).report(health(Status.CRITICAL, "the disk is full"));
        var other = client();

        Polling.until(() -> other.lookup(ORDERS, Set.of(Status.CRITICAL, Status.DRAINING)).stream()
                .map(ServiceInstance::id)
                .toList()
                .equals(List.of("critical")));
        assertThat(Polling.result(() -> other.lookup(ORDERS, Set.of(Status.PASSING))))
                .containsExactly(instance(ORDERS, "passing"));
    }

    @Test
    void a_version_of_a_contract_is_withdrawn_unless_instances_run_it() {
        var running = registry.register(instance(ORDERS, "orders-1")); // of version 1.4.0
        registry.publish(contract("1.4.0")); // after the first answer, since a client publishes again what came before
        registry.publish(contract("1.5.0"));
        var operator = client();

        assertThatThrownBy(() -> operator.withdraw(ORDERS, new Version(1, 4, 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1.4.0");
        assertThatThrownBy(() -> operator.withdraw(ORDERS, new Version(9, 9, 9)))
                .isInstanceOf(IllegalArgumentException.class);
        operator.withdraw(ORDERS, new Version(1, 5, 0));
        running.close();
        Polling.until(() -> operator.lookup(ORDERS).isEmpty());
        assertThat(operator.contracts(ORDERS)).containsExactly(contract("1.4.0"));
        operator.withdraw(ORDERS, new Version(1, 4, 0));
        assertThat(operator.contracts(ORDERS)).isEmpty();
    }

    @Test
    void the_newest_contract_is_returned() {
        registry.publish(contract("1.4.0"));
        registry.publish(contract("1.5.0"));
        registry.publish(contract("1.2.0"));
        registry.register(instance(STOCK, "after-the-contracts"));
        var other = client();
        var reached = watch(other, STOCK);
        reached.next(Added.class);

        Polling.until(() -> other.contract(ORDERS).equals(Optional.of(contract("1.5.0"))));
        Polling.until(() -> other.services().equals(Set.of(ORDERS, STOCK)));
        assertThat(other.instances(ORDERS)).isEmpty();
    }

    @Test
    void contracts_are_found_by_version_and_fingerprint() {
        var one = contract("1.4.0");
        var two = ServiceContract.parse("contract shop.Orders 1.5.0\nget(id: string) -> string\ndrop(id: string)\n");
        var three = ServiceContract.parse("contract shop.Orders 2.0.0\nfind(id: string) -> string\n");
        registry.publish(two);
        registry.publish(one);
        registry.publish(three);
        var other = client();

        Polling.until(() -> other.contracts(ORDERS).equals(List.of(three, two, one)));
        Polling.until(() -> other.contract(ORDERS).equals(Optional.of(three)));
        Polling.until(() -> other.contract(ORDERS, two.fingerprint()).equals(Optional.of(two)));
        assertThat(other.contract(ORDERS, "0123456789abcdef0123456789abcdef")).isEmpty();
        assertThat(other.contract(STOCK, two.fingerprint())).isEmpty();
    }

    @Test
    void a_version_that_breaks_clients_is_rejected_unless_forced() {
        registry.publish(contract("1.4.0"));
        var breaking = ServiceContract.parse("contract shop.Orders 1.5.0\nget(number: int64) -> string\n");

        assertThatThrownBy(() -> client().publish(breaking))
                .isInstanceOf(IncompatibleContractException.class)
                .hasMessageContaining("shop.Orders 1.5.0 breaks clients of 1.4.0")
                .hasMessageContaining("\"id\" in requests of get")
                .hasMessageContaining("2.0.0");
        var other = client();
        Polling.until(() -> other.contracts(ORDERS).equals(List.of(contract("1.4.0"))));

        client().publish(breaking, true);
        Polling.until(() -> other.contract(ORDERS).equals(Optional.of(breaking)));
        registry.publish(breaking);
        registry.publish(contract("1.4.0")); // going back to an older version is always allowed
        Polling.until(() -> other.contracts(ORDERS).equals(List.of(breaking, contract("1.4.0"))));
    }

    @Test
    void a_version_is_compared_with_the_contracts_of_running_instances() {
        var old = contract("1.4.0");
        registry.publish(old);
        var running = registry.register(instance(ORDERS, "orders-1").withContract(old.fingerprint()));
        registry.publish(ServiceContract.parse("contract shop.Orders 1.5.0\nget(number: int64) -> string\n"), true);
        var next = ServiceContract.parse("contract shop.Orders 1.6.0\nget(number: int64) -> string\nlist()\n");

        assertThatThrownBy(() -> client().publish(next))
                .isInstanceOf(IncompatibleContractException.class)
                .hasMessageContaining("1.6.0 breaks clients of 1.4.0");
        running.close();
        var other = client();
        Polling.until(() -> other.instances(ORDERS).isEmpty());
        client().publish(next);
        Polling.until(() -> other.contract(ORDERS).equals(Optional.of(next)));
    }

    @Test
    void the_history_of_contracts_is_limited() {
        for (int minor = 0; minor < 40; minor++) {
            registry.publish(contract("1." + minor + ".0"));
        }

        var other = client();
        Polling.until(() -> other.contract(ORDERS).equals(Optional.of(contract("1.39.0"))));
        Polling.until(() -> {
            var kept = other.contracts(ORDERS);
            return kept.size() < 40
                    && kept.size() >= 2
                    && kept.subList(0, 2).equals(List.of(contract("1.39.0"), contract("1.38.0")));
        });
    }

    @Test
    void an_id_belongs_to_its_owner_until_it_is_closed() {
        var other = client();
        var first = registry.register(instance(ORDERS, "orders-1"));

        assertThatThrownBy(() -> registry.register(instance(ORDERS, "orders-1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("orders-1");
        assertThatThrownBy(() -> other.register(instance(STOCK, "orders-1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("orders-1");
        assertThat(other.instances(ORDERS)).hasSize(1);
        assertThat(other.instances(STOCK)).isEmpty();

        first.close();
        other.register(instance(STOCK, "orders-1"));
        assertThat(client().instances(STOCK)).hasSize(1);
    }

    @Test
    void a_value_over_its_limit_is_rejected_with_a_message() {
        var orders = instance(ORDERS, "orders-1");
        var heavy = new ServiceHealth(Status.WARNING, "x".repeat(100_000), STARTED, Map.of());

        assertThatThrownBy(() -> registry.register(orders.withHealth(heavy)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("health")
                .hasMessageContaining("at most");
        assertThat(registry.instances(ORDERS)).isEmpty();
        var registration = registry.register(orders);
        assertThatThrownBy(() -> registration.report(health(Status.WARNING, "x".repeat(100_000))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("health");
        assertThat(registration.instance()).isEqualTo(orders);
    }

    @Test
    void closing_a_client_removes_its_instances() {
        var leaving = client();
        var watcher = watch(client(), ORDERS);
        var registration = leaving.register(instance(ORDERS, "orders-1"));
        leaving.watch(ORDERS, new WatchRecorder());
        watcher.next(Added.class);

        leaving.close();
        leaving.close();

        assertThat(watcher.next(Removed.class).reason()).isEqualTo("closed");
        registration.close();
        assertThatThrownBy(() -> leaving.register(instance(ORDERS, "orders-2")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> leaving.watch(ORDERS, new WatchRecorder())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> leaving.publish(contract("1.0.0"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void concurrent_registrations_result_in_the_exact_set() throws InterruptedException {
        var clients = List.of(client(), client(), client());
        var early = new ArrayList<WatchRecorder>();
        for (Registry registry : clients) {
            var watcher = watch(registry, ORDERS);
            early.add(watcher);
        }
        Set<String> expected = new TreeSet<>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 120; i++) {
            String id = "orders-%03d".formatted(i);
            boolean stays = i % 3 != 0;
            if (stays) {
                expected.add(id);
            }
            Registry registry = clients.get(i % clients.size());
            threads.add(BackgroundThread.startOnce("registering", Events.NONE, () -> {
                var registration = registry.register(instance(ORDERS, id));
                registration.report(health(Status.WARNING, "warming up"));
                if (!stays) {
                    registration.close();
                }
            }));
        }
        var late = watch(clients.getFirst(), ORDERS);
        for (Thread thread : threads) {
            thread.join();
        }

        early.add(late);
        for (WatchRecorder watcher : early) {
            var view = watcher.until(
                    v -> v.keySet().equals(expected) && v.values().stream().allMatch(RegistryConformance::warned));
            assertThat(view).containsOnlyKeys(expected);
        }
        assertThat(client().instances(ORDERS)).extracting(ServiceInstance::id).containsExactlyElementsOf(expected);
    }

    private static boolean warned(ServiceInstance instance) {
        return instance.health().status() == Status.WARNING;
    }

    @Test
    void a_registry_keeps_no_central_settings_at_first() {
        assertThat(registry.settings().read()).isEqualTo(Stored.NONE);
        assertThat(SettingsRecorder.watch(registry.settings()).received()).containsExactly(Stored.NONE);
    }

    @Test
    void central_settings_are_replaced_only_by_a_writer_that_knows_them() {
        var one = registry.settings();
        var other = client().settings();

        assertThat(one.replace(0, "first")).isTrue();
        assertThat(other.replace(0, "unaware")).isFalse();
        assertThat(other.replace(2, "ahead")).isFalse();
        assertThat(other.read()).isEqualTo(new Stored(1, "first"));
        assertThat(other.replace(1, "second")).isTrue();
        assertThat(one.replace(1, "late")).isFalse();

        assertThat(one.read()).isEqualTo(new Stored(2, "second"));
        assertThat(one.replace(2, new Stored(7, "copied"))).isTrue();
        assertThat(other.read()).isEqualTo(new Stored(7, "copied"));
    }

    @Test
    void a_watcher_of_central_settings_receives_the_current_ones_first_and_the_last_ones_in_the_end() {
        var early = SettingsRecorder.watch(client().settings());
        assertThat(early.received()).containsExactly(Stored.NONE);
        registry.settings().replace(0, "first");
        early.until(new Stored(1, "first"));

        var watching = client();
        var late = SettingsRecorder.watch(watching.settings());
        assertThat(late.received()).containsExactly(new Stored(1, "first"));
        for (long i = 1; i < 20; i++) {
            assertThat(registry.settings().replace(i, "text " + i)).isTrue();
        }

        for (SettingsRecorder each : List.of(early, late)) {
            each.until(new Stored(20, "text 19"));
            assertThat(each.received()).extracting(Stored::number).isSorted();
        }
        assertThat(SettingsRecorder.watch(watching.settings()).received()).contains(new Stored(20, "text 19"));
    }

    @Test
    void a_watcher_of_central_settings_that_throws_is_called_again_and_a_closed_one_is_not() {
        var settings = client().settings();
        var closed = new SettingsRecorder();
        settings.watch(closed).close();
        var received = new CopyOnWriteArrayList<Stored>();
        settings.watch(stored -> {
            received.add(stored);
            throw new IllegalStateException("this watcher always throws; the stack trace in the log is expected");
        });

        registry.settings().replace(0, "first");
        Polling.until(() -> received.contains(new Stored(1, "first")));
        registry.settings().replace(1, "second");
        Polling.until(() -> received.contains(new Stored(2, "second")));

        assertThat(closed.received()).containsExactly(Stored.NONE);
    }

    @Test
    void two_writers_of_central_settings_that_race_lose_no_change() throws InterruptedException {
        var writers = new ArrayList<Thread>();
        var failures = new CopyOnWriteArrayList<Throwable>();
        for (String writer : List.of("a", "b")) {
            var settings = client().settings();
            writers.add(BackgroundThread.startOnce("writer", Events.NONE, () -> {
                try {
                    for (int i = 0; i < 50; i++) {
                        String key = "app." + writer + i;
                        CentralSettings.change(
                                settings, before -> before.set(key, "1", writer, "", Instant.EPOCH, Optional.empty()));
                    }
                } catch (RuntimeException e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread each : writers) {
            each.join();
        }

        assertThat(failures).isEmpty();
        Stored last = registry.settings().read();
        assertThat(last.number()).isEqualTo(100);
        assertThat(CentralSettings.parse(last).settings(Instant.EPOCH)).hasSize(100);
        assertThat(CentralSettings.parse(last).history())
                .extracting(CentralSettings.Change::revision)
                .containsExactlyElementsOf(LongStream.iterate(100, revision -> revision - 1)
                        .limit(100)
                        .boxed()
                        .toList());
    }

    @Test
    void central_settings_may_be_as_long_as_the_limit_and_not_longer_and_have_to_be_printable() {
        var settings = registry.settings();
        var watcher = SettingsRecorder.watch(client().settings());
        String quotes = "\"".repeat(SettingsStore.TEXT_LENGTH_MAX);
        String wide = "\u6f22\n".repeat(SettingsStore.TEXT_LENGTH_MAX / 2);

        assertThat(settings.replace(0, quotes)).isTrue();
        watcher.until(new Stored(1, quotes));
        assertThat(settings.replace(1, wide)).isTrue();
        watcher.until(new Stored(2, wide));

        assertThatThrownBy(() -> settings.replace(2, wide + "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("262145 characters: at most 262144");
        assertThatThrownBy(() -> settings.replace(2, "\u001b[31m"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not printable");
        assertThat(settings.read()).isEqualTo(new Stored(2, wide));
    }
}
