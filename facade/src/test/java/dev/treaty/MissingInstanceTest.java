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

/** Calls to a service without instances, or with draining ones only, wait a moment for an instance. */
class MissingInstanceTest {
    private static final String CALLER = "caller";
    private static final ServiceName SHIPS = new ServiceName("test.Ships");

    private final ManualTime time = new ManualTime();
    private final Queue<Long> waits = new ConcurrentLinkedQueue<>();

    /** Manual time that records the waits of calls. */
    private final class RecordingTime implements Time {
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
            new Platform(
                    new RecordingTime(),
                    new Random(1),
                    new Random(2),
                    (_, _) -> new Echoing(),
                    (_, _) -> {
                        throw new IllegalStateException("nothing is served here");
                    },
                    _ -> () -> {}));

    /** A network whose endpoints return their ports. */
    private static final class Echoing implements Transport {
        private record EchoConnection(ServiceEndpoint to) implements Connection {
            @Override
            public ServiceResponse<?> handle(Call call) {
                return ServiceResponse.ok(to.port());
            }

            @Override
            public void close() {}
        }

        @Override
        public Connection connect(ServiceEndpoint endpoint) {
            return new EchoConnection(endpoint);
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
        return call.get(60, TimeUnit.SECONDS).orThrow();
    }

    /** Registers an instance that drains, and waits until the client is notified. */
    private void registerDraining(int port) throws Exception {
        Registration registration = register(port);
        assertThat(answer(call())).isEqualTo(port);
        var notified = new CountDownLatch(2);
        ServiceDiscovery discovery = treaty.registry();
        discovery.watch(SHIPS, _ -> notified.countDown());
        registration.drain();
        assertThat(notified.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(registration.acknowledged(Duration.ofSeconds(1))).isTrue();
    }

    @Test
    void a_call_waits_for_the_successor_of_a_draining_instance() throws Exception {
        registerDraining(1);
        FutureTask<ServiceResponse<?>> waiting = call();
        time.advance(BalancingHandler.INSTANCE_WAIT.dividedBy(2));
        assertThat(waiting.isDone()).isFalse();
        register(2);
        assertThat(answer(waiting)).isEqualTo(2);
    }

    @Test
    void without_a_successor_the_message_lists_draining_instances() throws Exception {
        registerDraining(1);
        FutureTask<ServiceResponse<?>> waiting = call();
        while (!waiting.isDone()) {
            time.advance(Duration.ofMillis(1));
            Thread.yield();
        }
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
            assertThat(failed.fault().code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(failed.fault().reached()).isFalse();
            assertThat(failed.fault().message())
                    .isEqualTo("none of the 1 instances of test.Ships takes calls: ship-1 (draining)");
        });
    }

    @Test
    void a_call_waits_once_for_all_of_its_attempts() throws Exception {
        FutureTask<ServiceResponse<?>> waiting = call();
        while (!waiting.isDone()) {
            time.advance(Duration.ofMillis(1));
            Thread.yield();
        }
        assertThat(waits)
                .filteredOn(wait -> wait >= BalancingHandler.INSTANCE_WAIT.toNanos())
                .hasSize(1);
        assertThat(waits).as("the others are pauses before retries").hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void a_call_waits_for_the_first_instance() throws Exception {
        FutureTask<ServiceResponse<?>> waiting = call();
        time.advance(BalancingHandler.INSTANCE_WAIT.dividedBy(2));
        assertThat(waiting.isDone()).isFalse();
        register(1);
        assertThat(answer(waiting)).isEqualTo(1);
    }

    @AfterEach
    void close() {
        treaty.close();
    }
}
