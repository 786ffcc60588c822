package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.resilience.Admission;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits of a server, over real HTTP on loopback. */
@Timeout(60)
class ServerLimitsTest {
    /** Clients without retries and breakers. */
    private static final String DIRECT = "defaults: {level: none}\n";

    @Contract(name = "test.Work", version = "1.0.0")
    public interface Work {
        @Idempotent
        String work(String what);
    }

    @Contract(name = "test.Front", version = "1.0.0")
    public interface Front {
        String ask(String what);
    }

    private static Treaty open(String yaml) {
        return Treaty.open(Patient.settings(yaml));
    }

    /** A service whose calls return when the test releases them. */
    private static final class Held implements Work {
        private final Semaphore begun = new Semaphore(0);
        private final CountDownLatch released = new CountDownLatch(1);
        private final Queue<String> handled = new ConcurrentLinkedQueue<>();

        @Override
        public String work(String what) {
            handled.add(
                    what + " " + CallContext.current().orElseThrow().priority().wire());
            begun.release();
            try {
                assertThat(released.await(50, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return what;
        }
    }

    /** Calls on separate threads, and their results. */
    private static final class Callers {
        private final Work work;
        private final Treaty treaty;
        private final List<Thread> threads = new ArrayList<>();
        private final Queue<String> answered = new ConcurrentLinkedQueue<>();
        private final Queue<ServiceException> refused = new ConcurrentLinkedQueue<>();

        Callers(Treaty treaty) {
            this.treaty = treaty;
            this.work = treaty.client(Work.class);
        }

        Thread call(Priority priority, String what) {
            Thread thread = Thread.startVirtualThread(() -> {
                try {
                    answered.add(treaty.withPriority(priority, () -> work.work(what)));
                } catch (ServiceException e) {
                    refused.add(e);
                }
            });
            threads.add(thread);
            return thread;
        }

        void join() throws InterruptedException {
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Test
    void excess_calls_are_rejected_at_the_limit_while_status_pages_respond() throws Exception {
        try (Treaty treaty = open(DIRECT + "server: {limits: {concurrency: {limit: 4, queue: 0}}}\n")) {
            var held = new Held();
            treaty.serve(Work.class, held);
            var callers = new Callers(treaty);
            for (int i = 0; i < 4; i++) {
                callers.call(Priority.NORMAL, "long");
            }
            held.begun.acquire(4);

            var flood = new Callers(treaty);
            for (int i = 0; i < 200; i++) {
                flood.call(Priority.CRITICAL, "flood");
            }
            flood.join(); // although no call has ended

            assertThat(flood.answered).isEmpty();
            assertThat(flood.refused).hasSize(200).allSatisfy(e -> {
                assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
                assertThat(e.fault().reached()).isFalse();
                assertThat(e.fault().message()).contains("test.Work", "limit");
            });
            ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();
            assertThat(status(endpoint, "/-/health")).isEqualTo(200);
            assertThat(status(endpoint, "/-/status")).isEqualTo(200);
            try (var direct = treaty.direct(Introspection.class, endpoint)) {
                assertThat(direct.client().status().serves()).hasSize(1);
            }
            held.released.countDown();
            callers.join();
            assertThat(callers.answered).hasSize(4);
            assertThat(held.handled).hasSize(4);
            assertThat(treaty.client(Work.class).work("again")).isEqualTo("again");
        }
    }

    /** Returns the events of a type that a process emits from now on. */
    private static <E extends Event> Queue<E> events(Treaty treaty, Class<E> type) {
        var events = new ConcurrentLinkedQueue<E>();
        treaty.events().subscribe(event -> {
            if (type.isInstance(event)) {
                events.add(type.cast(event));
            }
        });
        return events;
    }

    @Test
    void a_service_whose_every_instance_is_at_its_limit_gets_no_retries_G16() throws InterruptedException {
        try (Treaty treaty = open("server: {limits: {concurrency: {adaptive: false, limit: 1, queue: 0}}}\n")) {
            Queue<Event.RetryScheduled> retries = events(treaty, Event.RetryScheduled.class);
            var held = new Held();
            treaty.serve(Work.class, held);
            var callers = new Callers(treaty);
            callers.call(Priority.NORMAL, "long");
            held.begun.acquire();
            var others = new Callers(treaty);
            others.call(Priority.NORMAL, "refused").join();
            assertThat(others.refused)
                    .singleElement()
                    .satisfies(e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED));
            assertThat(retries).isEmpty();
            held.released.countDown();
            callers.join();
        }
    }

    @Test
    void an_adaptive_limit_knows_how_long_a_handler_waits_for_its_calls_of_other_services_W9() throws Exception {
        try (Treaty treaty = open(DIRECT)) {
            Queue<Event.CallEnded> ended = events(treaty, Event.CallEnded.class);
            Work work = treaty.client(Work.class);
            treaty.serve(Work.class, what -> "done");
            treaty.serve(Front.class, what -> {
                var other = treaty.callAsync(() -> work.work(what)); // at the same time as the next call
                return work.work(what) + other.join();
            });
            assertThat(treaty.client(Front.class).ask("anything")).isEqualTo("donedone");
            long now = Time.system().nanoTime();
            Event.CallEnded front = ended.stream()
                    .filter(each ->
                            each.side() == Side.SERVER && each.call().path().endsWith("ask"))
                    .findAny()
                    .orElseThrow();
            long longest = ended.stream()
                    .filter(each ->
                            each.side() == Side.CLIENT && each.call().path().endsWith("work"))
                    .mapToLong(each -> each.response().latencyNanos())
                    .max()
                    .orElseThrow();
            assertThat(front.call().context().record().idleNanos(now))
                    .isBetween(longest, front.response().latencyNanos());
        }
    }

    private static int status(ServiceEndpoint endpoint, String path) throws Exception {
        return ((HttpURLConnection) URI.create(endpoint + path).toURL().openConnection()).getResponseCode();
    }

    @Test
    void refusals_of_the_only_instance_open_no_breaker_W9() throws Exception {
        String limits = """
            server: {limits: {concurrency: {adaptive: false, limit: 1, queue: 0}}}
            defaults: {retry: {attempts: 1}, throttle: {minimum-calls: 1000}}
            """;
        try (Treaty treaty = open(limits)) {
            Queue<Event.BreakerChanged> changes = events(treaty, Event.BreakerChanged.class);
            var held = new Held();
            treaty.serve(Work.class, held);
            var callers = new Callers(treaty);
            callers.call(Priority.NORMAL, "long");
            held.begun.acquire();
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> callers.work.work("more"))
                        .isInstanceOfSatisfying(
                                ServiceException.class,
                                e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED));
            }
            held.released.countDown();
            callers.join();
            assertThat(changes).isEmpty();
            assertThat(callers.work.work("again")).isEqualTo("again");
        }
    }

    @Test
    void sheddable_calls_are_rejected_first() throws Exception {
        String limits = "server: {limits: {concurrency: {adaptive: false, limit: 4, queue: 1, wait-max: 30s}}}\n";
        try (Treaty treaty = open(DIRECT + limits)) {
            var held = new Held();
            treaty.serve(Work.class, held);
            var callers = new Callers(treaty);
            for (int i = 0; i < 3; i++) {
                callers.call(Priority.NORMAL, "first");
            }
            held.begun.acquire(3);
            Thread sheddable =
                    callers.call(Priority.SHEDDABLE, "sheddable"); // waits: the last slot is not for sheddable calls
            callers.call(Priority.NORMAL, "fourth");
            held.begun.acquire();
            Thread waits = callers.call(Priority.NORMAL, "fifth"); // takes the place in the queue
            sheddable.join();
            assertThat(callers.refused)
                    .singleElement()
                    .satisfies(e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED));
            held.released.countDown();
            waits.join();
            callers.join();
            assertThat(callers.answered).containsExactlyInAnyOrder("first", "first", "first", "fourth", "fifth");
        }
    }

    private static List<String> prioritiesBehindAFront(String limits) {
        try (Treaty treaty = open(DIRECT + limits)) {
            var held = new Held();
            held.released.countDown();
            treaty.serve(Work.class, held);
            Work work = treaty.client(Work.class);
            treaty.serve(Front.class, work::work);
            Front front = treaty.client(Front.class);
            front.ask("plain");
            for (Priority priority : Priority.values()) {
                treaty.withPriority(priority, () -> front.ask("claims"));
            }
            return List.copyOf(held.handled);
        }
    }

    @Test
    void a_granted_priority_is_propagated_along_the_chain() {
        assertThat(prioritiesBehindAFront(""))
                .containsExactly("plain normal", "claims normal", "claims normal", "claims sheddable");
        assertThat(prioritiesBehindAFront("server: {limits: {priority-max: critical}}\n"))
                .containsExactly("plain normal", "claims critical", "claims normal", "claims sheddable");
    }

    @Test
    void a_client_over_its_rate_retries_after_the_requested_delay() {
        String limits = "server: {limits: {rate-limit-per-caller: {permits: 1, per: 500ms, burst: 1}}}\n";
        try (Treaty treaty = open(limits)) {
            Queue<Event.RetryScheduled> retries = events(treaty, Event.RetryScheduled.class);
            treaty.serve(Work.class, what -> what);
            Work work = treaty.client(Work.class);
            long began = System.nanoTime();
            while (retries.isEmpty()) { // two calls in half a second exceed the rate
                assertThat(work.work("again")).isEqualTo("again");
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofSeconds(1));
            assertThat(retries).first().satisfies(retry -> {
                assertThat(retry.fault().code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
                assertThat(retry.fault().retryAfter()).contains(Duration.ofSeconds(1));
                assertThat(retry.pause()).isEqualTo(Duration.ofSeconds(1));
            });
        }
    }

    @Test
    void plain_http_clients_get_status_and_headers_of_rejections() throws Exception {
        String limits = "server: {limits: {rate-limit: {permits: 1, per: 1m, burst: 1}}}\n";
        try (Treaty treaty = open(limits)) {
            treaty.serve(Work.class, what -> what);
            ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();
            assertThat(post(endpoint).getResponseCode()).isEqualTo(200);
            HttpURLConnection refused = post(endpoint);
            assertThat(refused.getResponseCode()).isEqualTo(429);
            assertThat(refused.getHeaderField("Treaty-Reached")).isEqualTo("no");
            assertThat(Integer.parseInt(refused.getHeaderField("Retry-After"))).isBetween(50, 60);
            assertThat(new String(refused.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("resource_exhausted", "the rate limit of test.Work is reached");
        }
    }

    private static HttpURLConnection post(ServiceEndpoint endpoint) throws Exception {
        var connection = (HttpURLConnection)
                URI.create(endpoint + "/test.Work/work").toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        connection.getOutputStream().write("{\"what\":\"x\"}".getBytes(StandardCharsets.UTF_8));
        return connection;
    }

    /** Handles four calls at a time, each for 10 ms; further accepted calls wait. */
    private static final class Slow implements Work {
        private final Semaphore workers = new Semaphore(4);
        private final AtomicInteger accepted = new AtomicInteger();
        private final AtomicInteger acceptedMost = new AtomicInteger();

        @Override
        public String work(String what) {
            acceptedMost.accumulateAndGet(accepted.incrementAndGet(), Math::max);
            try {
                workers.acquire();
                try {
                    Time.system().sleep(Duration.ofMillis(10).toNanos());
                } finally {
                    workers.release();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                accepted.decrementAndGet();
            }
            return what;
        }
    }

    /** The minimum number of answered calls. */
    private static final int ANSWERED_MIN = 100;

    private static Slow flooded(String limits, AtomicInteger answered) throws InterruptedException {
        var slow = new Slow();
        try (Treaty treaty = open(DIRECT + limits)) {
            treaty.serve(Work.class, slow);
            Work work = treaty.client(Work.class);
            var over = new AtomicBoolean();
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                callers.add(Thread.startVirtualThread(() -> {
                    while (!over.get()) {
                        try {
                            work.work("x");
                            answered.incrementAndGet();
                        } catch (ServiceException e) {
                            pause();
                        }
                    }
                }));
            }
            long least = System.nanoTime() + Duration.ofMillis(2500).toNanos();
            while (answered.get() <= ANSWERED_MIN || System.nanoTime() - least < 0) {
                Time.system().sleep(Duration.ofMillis(10).toNanos());
            }
            over.set(true);
            for (Thread caller : callers) {
                caller.join();
            }
        }
        return slow;
    }

    private static void pause() {
        try {
            Time.system().sleep(Duration.ofMillis(20).toNanos());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void an_adaptive_limit_bounds_the_calls_in_a_slow_service() throws InterruptedException {
        var answered = new AtomicInteger();
        Slow slow = flooded("server: {limits: {concurrency: {limit: 20, queue: 0}}}\n", answered);
        assertThat(slow.acceptedMost.get()).isBetween(4, 20); // of 40 concurrent clients
    }

    @Test
    void the_limits_of_a_service_can_be_described() {
        var limits = Settings.parse("test", "server: {limits: {concurrency: {limit: 7}}}", Map.of())
                .server()
                .limits();
        var admission = new Admission(new ServiceName("test.Work"), limits, Time.system());
        String steps = Pipelines.server(admission, _ -> null, RuntimeDependencies.system(Events.NONE))
                .describe();
        assertThat(steps.lines().filter(line -> !line.startsWith(" ")))
                .extracting(line -> line.substring(0, line.indexOf(" ")))
                .containsExactly("observe", "deadline", "limit", "dispatch");
        assertThat(steps).contains("concurrency  adaptive, up to 7 calls at a time");
    }

    @Test
    void invalid_limits_are_rejected_with_their_key() {
        assertThatThrownBy(() -> open("server: {limits: {rate-limit-per-caller: {warm-up: 1s}}}\n"))
                .hasMessageContaining("server.limits", "warm-up is PT1S");
        assertThatThrownBy(() -> open("server: {limits: {priority-max: highest}}\n"))
                .hasMessageContaining("server.limits.priority-max");
    }
}
