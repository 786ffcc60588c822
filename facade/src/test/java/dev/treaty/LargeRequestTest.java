package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.resilience.CircuitBreaker;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that are larger than a server's limit, with every policy in force and two instances. */
class LargeRequestTest {
    /** More than the window of the throttle and the breakers need. */
    private static final int CALLS = 30;

    private static final ServiceName STORE = new ServiceName("test.Store");

    @Contract(name = "test.Store", version = "1.0.0")
    public interface Store {
        @Idempotent
        int length(String text);

        int add(String text);
    }

    /** An instance of the service. */
    private static final class Instance implements Store {
        private final AtomicInteger calls = new AtomicInteger();

        @Override
        public int length(String text) {
            calls.incrementAndGet();
            return text.length();
        }

        @Override
        public int add(String text) {
            return length(text);
        }
    }

    private final List<Treaty> opened = new ArrayList<>();
    private final Treaty registry = opened(Treaty.open(Settings.DEFAULTS));

    LargeRequestTest() {
        registry.serveRegistry();
    }

    private Treaty opened(Treaty treaty) {
        opened.add(treaty);
        return treaty;
    }

    @AfterEach
    void close() {
        opened.reversed().forEach(Treaty::close);
    }

    private Treaty open(String yaml) {
        String address = registry.endpoint().orElseThrow().authority();
        return opened(Treaty.open(Patient.settings("registry: treaty://" + address + "\n" + yaml)));
    }

    @Test
    void a_request_larger_than_the_limit_is_never_retried_and_blames_no_instance_and_no_service_W4() {
        var instances = List.of(new Instance(), new Instance());
        instances.forEach(instance -> open("").serve(Store.class, instance));
        Treaty client = open("""
            defaults: {throttle: {window: 1m}, fallback: {value: '{"result": 7}'}, breaker: {minimum-calls: 1}}
            """);
        Patient.knows(client, STORE, 2);
        Queue<Event.AttemptEnded> attempts = new ConcurrentLinkedQueue<>();
        client.events().subscribe(event -> {
            if (event instanceof Event.AttemptEnded attempt) {
                attempts.add(attempt);
            }
        });
        Store store = client.client(Store.class);
        String large = "x".repeat(5 << 20);
        for (int i = 0; i < CALLS; i++) {
            boolean idempotent = i % 2 == 0;
            ServiceException thrown = catchThrowableOfType(
                    ServiceException.class, () -> assertThat(idempotent ? store.length(large) : store.add(large)));
            assertThat(thrown.fault())
                    .isEqualTo(Fault.unreached(
                                    Code.RESOURCE_EXHAUSTED, "the request is larger than the limit of 4194304 bytes")
                            .notRetryable());
        }
        assertThat(attempts).hasSize(CALLS);
        assertThat(client.callers().caller(STORE).nodes().list()).hasSize(2).allSatisfy(node -> {
            assertThat(node.breaker().state()).isEqualTo(CircuitBreaker.State.CLOSED);
            assertThat(node.breaker().snapshot().failures()).isZero();
            assertThat(node.load().failures()).isZero();
            assertThat(node.load().latencyNanos(System.nanoTime())).isZero();
        });
        assertThat(client.callers().caller(STORE).nodes().exclusions()).isEmpty();
        for (int i = 0; i < CALLS; i++) {
            assertThat(store.length("small")).isEqualTo(5);
        }
        assertThat(instances.stream().mapToInt(instance -> instance.calls.get()).sum())
                .isEqualTo(CALLS);
    }
}
