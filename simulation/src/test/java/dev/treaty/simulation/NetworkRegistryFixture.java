package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Handler;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;

/** A registry on an in-memory network, its clients, and what tests of both share. */
abstract class NetworkRegistryFixture {
    static final ServiceName ORDERS = RegistryConformance.ORDERS;
    static final ServiceName STOCK = RegistryConformance.STOCK;

    static final RegistryLimits LIMITS =
            new RegistryLimits(1_000, 100, 100, 100, 8, Duration.ofMillis(100), Duration.ofMinutes(10), 1 << 30);

    static final Duration SHORT_LEASE = Duration.ofMillis(600);
    static final Duration SHORT_GRACE = Duration.ofMillis(900);

    /** For clients without a registry, or whose lease expires: short, because the tests run in real time. */
    static final RegistryPolicy SHORT = policy(SHORT_LEASE, Duration.ofMillis(300), SHORT_GRACE);

    /** For clients that stay registered, even on a busy machine. */
    static final RegistryPolicy LASTING =
            policy(Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(20));

    /** For watchers that wait for the end of a grace period; long enough for other clients to register again. */
    static final RegistryPolicy WATCHING = policy(SHORT_LEASE, LASTING.patience(), Duration.ofSeconds(4));

    /** Chooses early times, so that clients with long leases register again soon. */
    private static final RandomGenerator EARLY = new RandomGenerator() {
        @Override
        public long nextLong() {
            return RandomSource.system().nextLong();
        }

        @Override
        public long nextLong(long bound) {
            return RandomSource.system().nextLong(bound) / 20;
        }
    };

    final List<AutoCloseable> opened = new ArrayList<>();

    static RegistryPolicy policy(Duration lease, Duration patience, Duration grace) {
        return new RegistryPolicy(
                lease, patience, Duration.ofMillis(5), Duration.ofMillis(40), grace, SelfPreservationPolicy.STANDARD);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable open : opened.reversed()) {
            open.close();
        }
    }

    RegistryHost host(Time time) {
        var host = new RegistryHost(time, LIMITS);
        opened.add(host);
        return host;
    }

    NetworkRegistry client(RegistryHost host, Handler connection, RegistryPolicy policy, Events events) {
        var client = host.client(connection, policy, EARLY, events);
        opened.add(client);
        return client;
    }

    NetworkRegistry client(RegistryHost host, RegistryPolicy policy) {
        return client(host, host.network.connect(RegistryHost.ENDPOINT), policy, Events.NONE);
    }

    /** Opens a client that watches a service, and so detects a restart of the registry at once. */
    NetworkRegistry attentive(RegistryHost host) {
        var client = client(host, LASTING);
        assertThat(client.instances(new ServiceName("shop.Unknown"))).isEmpty();
        return client;
    }

    static ServiceInstance instance(ServiceName service, String id) {
        return RegistryConformance.instance(service, id);
    }

    /** Closes a client while the time advances, because it waits for a response. */
    static void closeWhile(NetworkRegistry client, Runnable meanwhile) {
        Thread closing = Thread.ofVirtual().start(client::close);
        Polling.until(() -> !closing.isAlive(), meanwhile);
    }

    /** Records whether the registry can be reached. */
    static final class Reachability implements Events {
        final List<Event.RegistryChanged> changes = new CopyOnWriteArrayList<>();

        @Override
        public void emit(Event event) {
            if (event instanceof Event.RegistryChanged changed) {
                changes.add(changed);
            }
        }

        List<Boolean> reachable() {
            return changes.stream().map(Event.RegistryChanged::reachable).toList();
        }

        List<String> rejections() {
            return changes.stream()
                    .map(Event.RegistryChanged::message)
                    .filter(message -> message.contains("refuses"))
                    .toList();
        }
    }
}
