package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.call.Attempt;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import dev.treaty.resilience.GuardSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Each call takes its settings once. Two settings differ in everything: A has a deadline of 3 s, three attempts, routes
 * to instances of group a, and falls back to "a"; B has 5 s, two attempts, group b, and "b". All attempts fail.
 */
class GenerationsTest {
    @Contract(name = "test.Flaky", version = "1.0.0")
    interface Flaky {
        @Idempotent
        String call();
    }

    private final List<Treaty> opened = new ArrayList<>();
    private final AtomicReference<Runnable> duringAttempt = new AtomicReference<>(() -> {});
    private final ConcurrentLinkedQueue<DecisionRecord> records = new ConcurrentLinkedQueue<>();
    private String registry;
    private Treaty client;
    private Flaky flaky;

    @BeforeEach
    void open() {
        Treaty center = open("");
        center.serveRegistry();
        registry = "registry: treaty://" + center.endpoint().orElseThrow().authority() + "\n";
        serve("a");
        serve("b");
        client = open(settings("a"));
        client.events().subscribe(event -> {
            if (event instanceof Event.CallEnded(var side, var call, var _) && side == Side.CLIENT) {
                records.add(call.context().record());
            }
        });
        flaky = client.client(Flaky.class);
    }

    @AfterEach
    void close() {
        opened.reversed().forEach(Treaty::close);
    }

    private Treaty open(String yaml) {
        Treaty treaty = Treaty.open(parse(yaml));
        opened.add(treaty);
        return treaty;
    }

    private static Settings parse(String yaml) {
        return Settings.parse("test", yaml + (yaml.contains("server:") ? "" : "server: {drain: 0s}\n"), Map.of());
    }

    private void serve(String group) {
        open(registry + "server: {drain: 0s, metadata: {group: " + group + "}}\n")
                .serve(Flaky.class, () -> {
                    duringAttempt.get().run();
                    throw new ServiceException(Code.UNAVAILABLE, "always");
                });
    }

    private String settings(String group) {
        boolean a = group.equals("a");
        return registry + """
            services:
              test.Flaky:
                level: enhanced
                deadline: %s
                retry: {attempts: %d, backoff: 1ms, backoff-max: 1ms, budget: 1, budget-per-second: 1000000}
                breaker: {consecutive-failures: 1000000, minimum-calls: 1000000}
                fallback: {value: '{"result":"%s"}'}
                balance: {policy: %s, ejection: {enabled: false}}
                routing: {rules: [{to: [{metadata: {group: %s}, weight: 1}]}]}
            """.formatted(a ? "3s" : "5s", a ? 3 : 2, group, a ? "round-robin" : "least-loaded", group);
    }

    /** Asserts that a call had the settings of one group alone. */
    private static String group(DecisionRecord record, List<String> groupA) {
        var tolerance = ((GuardSettings) record.settings()).tolerance();
        boolean a = tolerance.deadline().equals(Duration.ofSeconds(3));
        List<String> instances =
                record.attempts().stream().map(Attempt::instance).toList();
        assertThat(instances).hasSize(a ? 3 : 2).allMatch(id -> groupA.contains(id) == a);
        return a ? "a" : "b";
    }

    private List<String> groupA() {
        return client.registry().instances(new ServiceName("test.Flaky")).stream()
                .filter(instance -> "a".equals(instance.metadata().get("group")))
                .map(ServiceInstance::id)
                .toList();
    }

    @Test
    void a_call_whose_settings_change_between_its_attempts_ends_with_those_it_began_with() {
        assertThat(flaky.call()).isEqualTo("a");
        records.clear();
        var once = new AtomicBoolean();
        duringAttempt.set(() -> {
            if (once.compareAndSet(false, true)) {
                client.callers().apply(2, parse(settings("b")));
            }
        });
        assertThat(flaky.call()).isEqualTo("a");
        assertThat(flaky.call()).isEqualTo("b");
        assertThat(records.stream().map(record -> group(record, groupA()))).containsExactly("a", "b");
    }

    @Test
    void a_call_keeps_its_routing_when_code_rebalances_and_injects_faults_between_its_attempts() {
        assertThat(flaky.call()).isEqualTo("a");
        records.clear();
        var other = parse(settings("b"));
        var once = new AtomicBoolean();
        duringAttempt.set(() -> {
            if (once.compareAndSet(false, true)) {
                client.rebalance(other.balance());
            }
        });
        assertThat(flaky.call()).isEqualTo("a");
        assertThat(group(records.poll(), groupA())).isEqualTo("a");
    }

    @Test
    void raced_changes_show_no_call_parts_of_two_settings() throws Exception {
        var both = List.of(parse(settings("a")), parse(settings("b")));
        var ended = new AtomicBoolean();
        var wrong = new ConcurrentLinkedQueue<Throwable>();
        List<String> groupA = groupA();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                while (!ended.get()) {
                    try {
                        flaky.call();
                    } catch (RuntimeException e) {
                        wrong.add(e);
                    }
                }
            }));
        }
        var random = new Random(7);
        for (int number = 2; number < 400; number++) {
            client.callers().apply(number, both.get(random.nextInt(2)));
            int seen = records.size();
            int calls = random.nextInt(4);
            while (records.size() < seen + calls) {
                Thread.onSpinWait();
            }
        }
        ended.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
        assertThat(records.stream().map(record -> group(record, groupA)).distinct())
                .containsExactlyInAnyOrder("a", "b");
    }
}
