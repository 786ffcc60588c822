package dev.treaty.registry.backend;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STOCK;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.registry.Instances;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.Digest;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.Backend;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60) // closing waits in manual time if an assertion failed
class BackendServiceTest {
    private final ManualTime time = new ManualTime();
    private final FakeBackend backend = new FakeBackend();
    private final Map<ServiceName, Backend.Follower> followers = new ConcurrentHashMap<>();

    private static List<RegistryProtocol.Instance> instances(BackendService service, ServiceName watched)
            throws InterruptedException {
        return service.watch(Map.of(watched.value(), 0L), "", 0, "watcher")
                .complete()
                .getFirst()
                .instances();
    }

    @Test
    void an_instance_that_returns_while_it_is_removed_stays() throws InterruptedException {
        var atInstant = new AtomicReference<Runnable>();
        var watching = Thread.currentThread();
        var service = new BackendService(
                backend,
                "fake",
                backend.context(
                        new Time() {
                            @Override
                            public Instant instant() {
                                Runnable once =
                                        Thread.currentThread().equals(watching) ? atInstant.getAndSet(null) : null;
                                if (once != null) {
                                    once.run();
                                }
                                return time.instant();
                            }

                            @Override
                            public long nanoTime() {
                                return time.nanoTime();
                            }

                            @Override
                            public void park(Object blocker, long nanos) {
                                time.park(blocker, nanos);
                            }
                        },
                        Events.NONE));
        var instances = new HashMap<String, String>();
        for (int i = 0; i < 10; i++) {
            instances.put("i" + i, backend.written(Instances.of(ORDERS, "i" + i)));
        }
        backend.onFollow = (_, follower) -> {
            followers.put(ORDERS, follower);
            follower.complete(instances);
        };
        assertThat(instances(service, ORDERS)).hasSize(10);
        var follower = followers.get(ORDERS);
        follower.removed("i0", "lease expired");
        follower.removed("i1", "lease expired");
        assertThat(instances(service, ORDERS))
                .filteredOn(instance -> instance.id().equals("i1"))
                .extracting(
                        instance -> instance.read(Instances.STARTED).health().details())
                .containsExactly(Map.of(RegistryTable.STALE, "true"));

        time.advance(RegistryPolicy.STANDARD.preservation().evictionWindow());
        var back = new Thread(() -> follower.changed("i1", instances.get("i1")));
        atInstant.set(() -> {
            back.start();
            eventually(() -> !back.isAlive() || back.getState() == Thread.State.BLOCKED);
        });
        instances(service, ORDERS);
        assertThat(atInstant).hasNullValue();
        back.join();

        assertThat(instances(service, ORDERS))
                .filteredOn(instance -> instance.id().equals("i1"))
                .extracting(
                        instance -> instance.read(Instances.STARTED).health().status())
                .containsExactly(Status.PASSING);
        service.close();
    }

    /** Returns a text of an instance whose state every watcher has to acknowledge. */
    private String asked(int weight) {
        var instance = Instances.of(ORDERS, "a").withWeight(weight);
        return new StoredInstance(backend.written(instance), "", true).text();
    }

    /** Watches the orders, and processes all that has happened. */
    private static void watchAll(BackendService service) throws InterruptedException {
        RegistryProtocol.News news = service.watch(Map.of(ORDERS.value(), 0L), "", 0, "watcher");
        service.watch(Map.of(ORDERS.value(), news.revision()), news.epoch(), 0, "watcher");
    }

    @Test
    void the_newest_state_is_acknowledged_if_the_store_was_not_reachable_before() throws InterruptedException {
        var acknowledged = new LinkedBlockingQueue<String>();
        backend.onAttend = acknowledged::add;
        var service = new BackendService(backend, "fake", backend.context(Time.system(), Events.NONE));
        backend.onFollow = (_, follower) -> {
            followers.put(ORDERS, follower);
            follower.complete(Map.of());
        };
        watchAll(service);
        backend.beforeAttend = () -> {
            backend.beforeAttend = () -> {};
            followers.get(ORDERS).changed("a", asked(2));
            throw new ServiceException(Code.UNAVAILABLE, "the connection is lost");
        };
        followers.get(ORDERS).changed("a", asked(1));

        String last = "";
        while (!last.equals(Digest.of(asked(2)))) {
            watchAll(service);
            last = Objects.requireNonNullElse(acknowledged.poll(10, TimeUnit.MILLISECONDS), "");
        }
        service.close();
    }

    @Test
    void what_a_view_of_an_earlier_store_records_last_is_what_the_view_of_the_present_one_acknowledges()
            throws Exception {
        var acknowledged = new LinkedBlockingQueue<String>();
        backend.onAttend = acknowledged::add;
        var late = new CountDownLatch(1);
        var service = new BackendService(backend, "fake", backend.context(time, Events.NONE));
        backend.onFollow = (_, follower) -> follower.complete(Map.of("a", asked(1)));
        var writing = new CountDownLatch(1);
        backend.beforeAttend = () -> {
            backend.beforeAttend = () -> {};
            writing.countDown();
            eventually(() -> late.getCount() == 0);
        };
        watchAll(service);
        assertThat(writing.await(60, TimeUnit.SECONDS)).isTrue();

        backend.epoch = "two";
        backend.onFollow = (_, follower) -> follower.complete(Map.of("a", asked(2)));
        time.advance(Duration.ofSeconds(2));
        watchAll(service);
        assertThat(acknowledged.poll(60, TimeUnit.SECONDS)).isEqualTo(Digest.of(asked(2)));
        late.countDown();

        assertThat(acknowledged.poll(60, TimeUnit.SECONDS)).isEqualTo(Digest.of(asked(2)));
        service.close();
    }

    @Test
    void a_state_is_acknowledged_however_late_its_watcher_asks_again_for_changes() throws InterruptedException {
        var acknowledged = new LinkedBlockingQueue<String>();
        backend.onAttend = acknowledged::add;
        var service = new BackendService(backend, "fake", backend.context(time, Events.NONE));
        backend.onFollow = (_, follower) -> {
            followers.put(ORDERS, follower);
            follower.failed("the connection is lost");
        };
        for (int i = 0; i < 2; i++) { // the second one is refused at once
            assertThatExceptionOfType(ServiceException.class).isThrownBy(() -> instances(service, ORDERS));
        }
        String drained = asked(1);
        followers.get(ORDERS).complete(Map.of("a", drained));
        for (int i = 0; i < 60; i++) {
            eventually(() -> time.sleepers() == 2); // the leases, and the acknowledgement
            assertThat(acknowledged).isEmpty();
            time.advance(Duration.ofSeconds(1));
        }

        watchAll(service);

        assertThat(acknowledged.poll(60, TimeUnit.SECONDS)).isEqualTo(Digest.of(drained));
        service.close();
    }

    @Test
    void a_watch_at_the_time_of_closing_leaves_nothing_followed() {
        var service = new BackendService(backend, "fake", backend.context(time, Events.NONE));
        backend.onFollow = (_, follower) -> follower.complete(Map.of());
        var since = new AbstractMap<String, Long>() {
            @Override
            public Set<Entry<String, Long>> entrySet() {
                service.close();
                return Map.of(ORDERS.value(), 0L).entrySet();
            }
        };

        assertThatExceptionOfType(ServiceException.class).isThrownBy(() -> service.watch(since, "", 0, "watcher"));
        assertThat(backend.open).hasValue(0);
    }

    @Test
    void a_service_that_is_watched_again_while_it_is_given_up_is_known() throws InterruptedException {
        var service = new BackendService(backend, "fake", backend.context(time, Events.NONE));
        backend.onFollow = (name, follower) -> {
            followers.put(name, follower);
            follower.complete(Map.of("a", backend.written(Instances.of(name, "a"))));
        };
        backend.onClose = name -> {
            backend.onClose = _ -> {};
            try {
                instances(service, name);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        assertThat(instances(service, STOCK)).hasSize(1);

        time.advance(Duration.ofMinutes(2));
        instances(service, ORDERS);

        assertThat(backend.open).hasValue(2);
        followers.get(STOCK).changed("b", backend.written(Instances.of(STOCK, "b")));
        assertThat(instances(service, STOCK)).hasSize(2);
        service.close();
        assertThat(backend.open).hasValue(0);
    }
}
