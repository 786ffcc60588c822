package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.DiscoveryEvent.Updated;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Watches and lookups over an unreliable connection, and what closing a client leaves. */
class NetworkRegistryWatchTest extends NetworkRegistryFixture {
    @Test
    void a_watcher_catches_up_after_a_long_disconnection() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var gone = owner.register(instance(ORDERS, "gone"));
        var changed = owner.register(instance(ORDERS, "changed"));
        owner.register(instance(ORDERS, "same"));
        var cable = new Cable(host);
        var watcher = new WatchRecorder();
        var witness = new WatchRecorder();
        client(host, cable, LASTING, Events.NONE).watch(ORDERS, watcher);
        client(host, LASTING).watch(ORDERS, witness);
        watcher.until(view -> view.size() == 3);

        cable.cut.set(true);
        gone.close();
        changed.drain();
        for (int i = 0; i < 2 * LIMITS.log(); i++) {
            owner.register(instance(ORDERS, "passing")).close();
        }
        owner.register(instance(ORDERS, "new"));
        witness.until(view -> view.containsKey("new"));
        cable.cut.set(false);

        var view = watcher.until(v -> v.containsKey("new") && !v.containsKey("gone"));
        assertThat(view).containsOnlyKeys("changed", "new", "same");
        assertThat(view.get("changed").health().status()).isEqualTo(Status.DRAINING);
    }

    @Test
    void a_watcher_misses_nothing_during_a_short_disconnection() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var registration = owner.register(instance(ORDERS, "a"));
        var cable = new Cable(host);
        var watcher = new WatchRecorder();
        client(host, cable, LASTING, Events.NONE).watch(ORDERS, watcher);
        watcher.next(Added.class);

        cable.cut.set(true);
        registration.drain();
        registration.close();
        owner.register(instance(ORDERS, "a"));
        cable.cut.set(false);

        assertThat(watcher.next(Updated.class).instance().health().status()).isEqualTo(Status.DRAINING);
        assertThat(watcher.next(Removed.class).reason()).isEqualTo("closed");
        watcher.next(Added.class);
    }

    @Test
    void one_request_watches_all_services_for_all_watchers() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var client = client(host, LASTING);
        var recorders = new ArrayList<WatchRecorder>();
        for (ServiceName service : List.of(ORDERS, ORDERS, ORDERS, STOCK, STOCK)) {
            var watcher = new WatchRecorder();
            client.watch(service, watcher);
            recorders.add(watcher);
        }
        owner.register(instance(ORDERS, "orders"));
        owner.register(instance(STOCK, "stock"));
        recorders.forEach(watcher -> watcher.next(Added.class));

        assertThat(host.count("watch"))
                .as("requests: two for each new service, one after each change")
                .isLessThanOrEqualTo(6);
    }

    @Test
    void a_lookup_starts_no_watch_and_fails_without_a_response() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        String text = "x".repeat(4_000);
        for (int i = 0; i < 100; i++) { // more than one response holds
            owner.register(instance(ORDERS, "i" + (100 + i)).withMetadata(Map.of("more", text)));
        }
        var client = client(host, SHORT);

        assertThat(Polling.result(() -> client.lookup(ORDERS)))
                .extracting(ServiceInstance::id)
                .hasSize(100)
                .isSorted();
        assertThat(Polling.result(() -> client.lookup(STOCK))).isEmpty();
        assertThat(host.count("watch")).as("of all clients").isZero();
        host.crash();

        assertThatThrownBy(() -> client.lookup(ORDERS))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE));
        assertThat(client.problem()).isPresent();
    }

    @Test
    void a_frozen_registry_is_detected_and_its_last_state_kept() {
        var time = new ManualTime();
        var host = host(time).start();
        var reachability = new Reachability();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), RegistryPolicy.STANDARD, reachability);
        client.register(instance(ORDERS, "a"));
        var watcher = new WatchRecorder();
        client.watch(ORDERS, watcher);
        watcher.next(Added.class);

        host.network.freeze(RegistryHost.ENDPOINT);
        var frozen = time.instant();
        Polling.until(() -> !reachability.changes.isEmpty(), () -> time.advance(Duration.ofMillis(20)));

        assertThat(reachability.reachable()).containsExactly(false);
        assertThat(client.instances(ORDERS)).hasSize(1);
        assertThat(watcher.pending()).isEmpty();
        assertThat(time.instant()).isAfter(frozen);
        opened.remove(client);
        closeWhile(client, () -> time.advance(Duration.ofMillis(100)));
    }

    @Test
    void closing_leaves_no_threads_behind() {
        var time = new ManualTime();
        var host = host(time).start();
        var client = client(host, RegistryPolicy.STANDARD);
        var registration = client.register(instance(ORDERS, "a"));
        client.watch(ORDERS, new WatchRecorder());
        client.watch(STOCK, new WatchRecorder()).close();
        assertThat(time.sleepers()).isPositive();

        client.close();
        host.close();

        Polling.until(() -> time.sleepers() == 0);
        registration.close();
        assertThat(time.sleepers()).isZero();
    }

    @Test
    void every_change_is_emitted_once_for_any_number_of_watchers() {
        var host = host(Time.system()).start();
        var changes = new CopyOnWriteArrayList<DiscoveryEvent>();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), LASTING, event -> {
            if (event instanceof Event.DiscoveryChanged changed) {
                changes.add(changed.change());
            }
        });
        var watcher = new WatchRecorder();
        client.watch(ORDERS, watcher);
        client.watch(ORDERS, new WatchRecorder());

        client.register(instance(ORDERS, "a")).close();
        watcher.next(Added.class);
        watcher.next(Removed.class);

        Polling.until(() -> changes.size() >= 2);
        assertThat(changes).hasSize(2);
        assertThat(changes.get(0)).isInstanceOf(Added.class);
        assertThat(changes.get(1)).isInstanceOf(Removed.class);
    }
}
