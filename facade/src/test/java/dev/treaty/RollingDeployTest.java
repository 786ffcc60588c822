package dev.treaty;

import static dev.treaty.Patient.knows;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Instances are replaced one by one over real HTTP, while clients send calls. */
class RollingDeployTest {
    @Contract(name = "test.Counter", version = "1.0.0")
    public interface Counter {
        /** Not idempotent, so it must not be repeated. */
        long add(long amount);
    }

    private static final int SERVERS = 3;
    private static final ServiceName COUNTER = new ServiceName("test.Counter");

    private final AtomicInteger ran = new AtomicInteger();

    private final class Slow implements Counter {
        @Override
        public long add(long amount) {
            try {
                Time.system().sleep(Duration.ofMillis(amount).toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return ran.incrementAndGet();
        }
    }

    private static Treaty member(ServiceEndpoint registry, String more) {
        return Treaty.open(
                Patient.settings("registry: treaty://" + registry.authority() + "\nserver: {drain: 1m}\n" + more));
    }

    private Treaty server(ServiceEndpoint registry) {
        Treaty server = member(registry, "name: counter");
        server.serve(Counter.class, new Slow());
        return server;
    }

    /** Without fault tolerance in the clients, no lost call is hidden. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "full"})
    void a_rolling_deployment_loses_no_call_and_runs_none_twice(String level) throws InterruptedException {
        try (Treaty registry = Treaty.open(Settings.DEFAULTS)) {
            registry.serveRegistry();
            ServiceEndpoint at = registry.endpoint().orElseThrow();
            Deque<Treaty> servers = new ArrayDeque<>();
            for (int i = 0; i < SERVERS; i++) {
                servers.add(server(at));
            }
            Queue<Exception> failures = new ConcurrentLinkedQueue<>();
            var made = new AtomicInteger();
            var over = new AtomicBoolean();
            try (Treaty one = member(at, "defaults: {level: " + level + "}");
                    Treaty other = member(at, "defaults: {level: " + level + "}")) {
                var callers = new ArrayList<Thread>();
                for (Treaty client : List.of(one, other, one, other, one, other)) {
                    Counter counter = client.client(Counter.class);
                    callers.add(Thread.ofVirtual().start(() -> {
                        while (!over.get()) {
                            made.incrementAndGet();
                            try {
                                counter.add(made.get() % 7);
                            } catch (RuntimeException e) {
                                failures.add(e);
                            }
                        }
                    }));
                }
                for (int i = 0; i < SERVERS; i++) {
                    servers.add(server(at));
                    knows(one, COUNTER, SERVERS + 1);
                    knows(other, COUNTER, SERVERS + 1);
                    servers.removeFirst().close();
                }
                over.set(true);
                for (Thread caller : callers) {
                    caller.join();
                }
            } finally {
                servers.forEach(Treaty::close);
            }
            assertThat(failures).isEmpty();
            assertThat(made.get()).isGreaterThan(100);
            assertThat(ran.get()).as("each call ran exactly once").isEqualTo(made.get());
        }
    }
}
