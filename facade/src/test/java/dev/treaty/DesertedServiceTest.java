package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.client.BalancingHandler;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls of a service that has nobody, or nobody but those that are leaving: they wait a moment for whoever follows. */
class DesertedServiceTest {
    private static final String CALLER = "caller";
    private static final ServiceName SHIPS = new ServiceName("test.Ships");

    private final ManualTime time = new ManualTime();
    private final Queue<Long> waits = new ConcurrentLinkedQueue<>();

    /** The same time, which notes how long calls wait. */
    private final class Noting implements Time {
        @Override
        public Instant instant() {
            return time.instant();
        }

        @Override
        public long nanoTime() {
            return time.nanoTime();
        }

        @Override
        public void park(Object blocker, long nanos) {
            if (Thread.currentThread().getName().equals(CALLER)) {
                waits.add(nanos);
            }
            time.park(blocker, nanos);
        }
    }

    private final Treaty treaty = Treaty.open(
            Settings.parse("test", "defaults: {deadline: 30s, attempt-timeout: 30s}\n", Map.of()),
            new Platform(new Noting(), new Random(1), new Random(2), _ -> new Echoing(), _ -> {
                throw new IllegalStateException("nothing is served here");
            }));

    /** A network whose endpoints answer with their ports. */
    private static final class Echoing implements Transport {
        private record Line(ServiceEndpoint to) implements Connection {
            @Override
            public ServiceResponse<?> handle(Call call) {
                return ServiceResponse.ok(to.port());
            }

            @Override
            public void close() {}
        }

        @Override
        public Connection connect(ServiceEndpoint endpoint) {
            return new Line(endpoint);
        }

        @Override
        public void close() {}
    }

    private Registration register(int port) {
        return treaty.registry()
                .register(ServiceInstance.of(
                        "ship-" + port,
                        SHIPS,
                        new Version(1, 0, 0),
                        new ServiceEndpoint("http", "127.0.0.1", port),
                        time.instant()));
    }

    private FutureTask<ServiceResponse<?>> call() {
        var call = new FutureTask<ServiceResponse<?>>(() -> treaty.client().call("test.Ships", "sail", Map.of()));
        Thread.ofVirtual().name(CALLER).start(call);
        return call;
    }

    private static Object answer(FutureTask<ServiceResponse<?>> call) throws Exception {
        return call.get(20, TimeUnit.SECONDS).orThrow();
    }

    /** Somebody who drains, of which the client has heard. */
    private void leaving(int port) throws Exception {
        Registration registration = register(port);
        assertThat(answer(call())).isEqualTo(port);
        var heard = new CountDownLatch(2);
        ServiceDiscovery discovery = treaty.registry();
        discovery.watch(SHIPS, _ -> heard.countDown());
        registration.drain();
        assertThat(heard.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(registration.acknowledged(Duration.ofSeconds(1))).isTrue();
    }

    @Test
    void aCallWaitsForWhoeverFollowsOnesThatLeave() throws Exception {
        leaving(1);
        FutureTask<ServiceResponse<?>> waiting = call();
        time.advance(BalancingHandler.PATIENCE.dividedBy(2));
        assertThat(waiting.isDone()).isFalse();
        register(2);
        assertThat(answer(waiting)).isEqualTo(2);
    }

    @Test
    void whereNobodyFollowsItSaysWhoIsLeaving() throws Exception {
        leaving(1);
        FutureTask<ServiceResponse<?>> waiting = call();
        while (!waiting.isDone()) {
            time.advance(Duration.ofMillis(1));
            Thread.yield();
        }
        assertThat(waiting.get(20, TimeUnit.SECONDS)).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
            assertThat(failed.fault().code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(failed.fault().reached()).isFalse();
            assertThat(failed.fault().message())
                    .isEqualTo("none of the 1 instances of test.Ships takes calls: ship-1 (draining)");
        });
    }

    @Test
    void aCallWaitsOnceHoweverManyAttemptsItMakes() throws Exception {
        FutureTask<ServiceResponse<?>> waiting = call();
        while (!waiting.isDone()) {
            time.advance(Duration.ofMillis(1));
            Thread.yield();
        }
        assertThat(waits)
                .filteredOn(wait -> wait >= BalancingHandler.PATIENCE.toNanos())
                .hasSize(1);
        assertThat(waits).as("and before each attempt after the first").hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void aCallWaitsForTheFirst() throws Exception {
        FutureTask<ServiceResponse<?>> waiting = call();
        time.advance(BalancingHandler.PATIENCE.dividedBy(2));
        assertThat(waiting.isDone()).isFalse();
        register(1);
        assertThat(answer(waiting)).isEqualTo(1);
    }

    @AfterEach
    void close() {
        treaty.close();
    }
}
