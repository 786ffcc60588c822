package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What clients of a network registry see while it is down, restarts, or cannot be reached. */
class NetworkRegistryOutageTest extends NetworkRegistryFixture {
    private static final ServiceHealth LONG_MESSAGE =
            new ServiceHealth(Status.PASSING, "x".repeat(ServiceHealth.LENGTH_MAX / 2), Instant.EPOCH, Map.of());

    /** More instances with a long message than one response of a watch holds. */
    private static final int MORE_THAN_A_RESPONSE = 300;

    @Test
    void an_instance_that_crashes_with_the_registry_is_removed_after_the_grace_period() {
        var host = host(Time.system()).start();
        var cable = new Cable(host);
        var staying = attentive(host);
        client(host, cable, LASTING, Events.NONE).register(instance(ORDERS, "crashes"));
        staying.register(instance(ORDERS, "stays"));
        var watcher = new WatchRecorder();
        client(host, WATCHING).watch(ORDERS, watcher);
        watcher.until(view -> view.size() == 2);

        cable.cut.set(true);
        host.crash();
        host.start();

        var removed = watcher.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("crashes");
        assertThat(removed.reason()).isEqualTo("did not register again after the registry restarted");
        assertThat(watcher.pending()).isEmpty();
    }

    @Test
    void the_grace_period_also_applies_to_instances_of_a_later_response() {
        var host = host(Time.system()).start();
        var crashing = new Cable(host);
        client(host, crashing, LASTING, Events.NONE).register(instance(STOCK, "crashes"));
        var owner = attentive(host);
        for (int i = 0; i < MORE_THAN_A_RESPONSE; i++) {
            owner.register(instance(ORDERS, "long" + i).withHealth(LONG_MESSAGE));
        }
        owner.register(instance(STOCK, "stays"));
        var far = new Cable(host);
        var watching = client(host, far, policy(SHORT_LEASE, LASTING.patience(), SHORT_GRACE), Events.NONE);
        watching.watch(ORDERS, new WatchRecorder());
        var watcher = new WatchRecorder();
        watching.watch(STOCK, watcher);
        watcher.until(view -> view.size() == 2);

        crashing.cut.set(true);
        far.cut.set(true);
        host.crash();
        host.start();
        var witness = client(host, LASTING);
        witness.watch(ORDERS, new WatchRecorder());
        Polling.until(() -> witness.instances(ORDERS).size() == MORE_THAN_A_RESPONSE
                && witness.instances(STOCK).size() == 1);
        far.cut.set(false);

        var removed = watcher.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("crashes");
        assertThat(removed.reason()).isEqualTo("did not register again after the registry restarted");
    }

    @Test
    void a_query_without_a_response_is_a_problem() {
        var host = host(Time.system());
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), SHORT, new Reachability());

        assertThat(client.services()).isEmpty();
        assertThat(client.problem()).get().asString().contains("cannot be reached");

        host.start();

        Polling.until(() -> client.services().isEmpty() && client.problem().isEmpty());
    }

    @Test
    void a_full_registry_reports_each_rejection_once() {
        var host = new RegistryHost(
                Time.system(), new RegistryLimits(1, 1, 1, 10, 8, LIMITS.leaseMin(), LIMITS.leaseMax(), 1 << 30));
        opened.add(host);
        host.start();
        var first = client(host, LASTING);
        first.register(instance(ORDERS, "a"));
        first.publish(ServiceContract.parse("contract shop.Stock 1.0.0\ncount() -> int32"));
        var events = new Reachability();
        var late = client(host, host.network.connect(RegistryHost.ENDPOINT), SHORT, events);

        late.register(instance(ORDERS, "b"));
        Polling.until(() -> !events.rejections().isEmpty());
        assertThat(events.rejections().getFirst()).contains("1 instances", "limit");
        late.publish(ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string"));
        Polling.until(() -> events.rejections().size() == 2);
        assertThat(events.rejections().getLast()).contains("refuses a contract");
        long requests = host.count("register");
        Polling.until(() -> host.count("register") > requests + 3);
        assertThat(events.rejections()).hasSize(2);
    }

    @Test
    void a_registry_that_starts_after_its_client_is_used() {
        var host = host(Time.system());
        var reachability = new Reachability();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), SHORT, reachability);
        var watcher = new WatchRecorder();

        var registration = client.register(instance(ORDERS, "a"));
        registration.report(new ServiceHealth(
                Status.WARNING, "not sent yet", registration.instance().startedAt(), Map.of()));
        client.watch(ORDERS, watcher);

        assertThat(watcher.pending()).isEmpty();
        assertThat(client.services()).isEmpty();
        assertThat(client.contract(ORDERS)).isEmpty();
        assertThat(client.problem()).get().asString().contains("treaty://registry:7400", "cannot be reached");
        assertThat(reachability.reachable()).containsExactly(false);

        host.start();

        assertThat(watcher.next(Added.class).instance().health().status()).isEqualTo(Status.WARNING);
        Polling.until(() -> client.problem().isEmpty() && reachability.changes.size() > 1);
        assertThat(reachability.reachable()).as("one event for each change").containsExactly(false, true);
    }

    @Test
    void an_instance_without_renewals_is_removed_when_its_lease_expires() {
        var time = new ManualTime();
        var host = host(time).start();
        var cable = new Cable(host);
        client(host, cable, RegistryPolicy.STANDARD, Events.NONE).register(instance(ORDERS, "crashes"));
        client(host, RegistryPolicy.STANDARD).register(instance(ORDERS, "stays"));
        var watcher = new WatchRecorder();
        client(host, RegistryPolicy.STANDARD).watch(ORDERS, watcher);
        watcher.until(view -> view.size() == 2);
        var registered = time.instant();

        cable.cut.set(true);
        for (int i = 0;
                i < 4;
                i++) { // each step is longer than the interval of renewals; together they are longer than the lease
            long renewals = host.count("renew");
            time.advance(Duration.ofMillis(3_400));
            // a thread that was not asleep yet waits from the new time on
            Polling.until(() -> host.count("renew") > renewals, () -> time.advance(Duration.ofMillis(1)));
        }

        Polling.until(() -> !watcher.pending().isEmpty(), () -> time.advance(Duration.ofMillis(1)));
        var removed = watcher.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("crashes");
        assertThat(removed.reason()).isEqualTo("lease expired");
        assertThat(removed.timestamp()).isAfterOrEqualTo(registered.plus(RegistryPolicy.STANDARD.lease()));
        assertThat(watcher.pending()).isEmpty();
    }

    @Test
    void health_reported_without_a_lease_is_sent_later() {
        var host = host(Time.system()).start();
        var cable = new Cable(host);
        var client = client(host, cable, SHORT, Events.NONE);
        var registration = client.register(instance(ORDERS, "a"));
        var watcher = new WatchRecorder();
        client(host, LASTING).watch(ORDERS, watcher);
        watcher.next(Added.class);

        cable.cut.set(true);
        watcher.until(Map::isEmpty);
        registration.drain();
        cable.cut.set(false);

        watcher.until(view -> view.containsKey("a") && view.get("a").health().status() == Status.DRAINING);
    }

    @Test
    void contracts_are_published_again_after_a_restart() {
        var host = host(Time.system()).start();
        var client = client(host, SHORT);
        client.publish(ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string"));
        var other = client(host, SHORT);
        Polling.until(() -> other.contract(ORDERS).isPresent());

        host.crash();
        assertThat(other.contract(ORDERS)).as("the last known contract").isPresent();
        host.start();

        var late = client(host, SHORT);
        Polling.until(() -> late.contract(ORDERS).isPresent());
    }

    @Test
    void a_late_rejection_is_reported() {
        var host = host(Time.system());
        var one = new Reachability();
        var other = new Reachability();
        var first = client(host, host.network.connect(RegistryHost.ENDPOINT), SHORT, one);
        var second = client(host, host.network.connect(RegistryHost.ENDPOINT), SHORT, other);
        first.register(instance(ORDERS, "same"));
        second.register(instance(ORDERS, "same"));

        host.start();

        var rejection = "refuses instance same of shop.Orders";
        Polling.until(() -> first.problem()
                .or(second::problem)
                .filter(t -> t.contains(rejection))
                .isPresent());
        Polling.until(() -> List.of(one, other).stream()
                .flatMap(r -> r.changes.stream())
                .anyMatch(change -> change.reachable() && change.message().contains(rejection)));
    }

    @Test
    void closing_does_not_wait_for_a_registry_that_is_down() {
        var time = new ManualTime();
        var host = host(time).start();
        var client = client(host, RegistryPolicy.STANDARD);
        var registration = client.register(instance(ORDERS, "a"));
        host.crash();
        Instant crashed = time.instant();
        opened.remove(client);

        closeWhile(client, () -> time.advance(Duration.ofMillis(100)));
        registration.close();

        assertThat(Duration.between(crashed, time.instant()))
                .isLessThan(RegistryPolicy.STANDARD.patience().multipliedBy(2));
    }
}
