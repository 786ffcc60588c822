package dev.treaty;

import static dev.treaty.Patient.knows;
import static dev.treaty.Patient.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.health.HealthSource;
import dev.treaty.core.time.Time;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

/** Treaty over real HTTP on loopback, with its defaults. */
class TreatyTest {
    public record Order(String id, String customer, int quantity) {}

    @Contract(name = "test.Orders", version = "1.4.0")
    public interface Orders {
        @Idempotent
        Order get(String id);

        Order place(Order order);

        @Idempotent
        List<Order> list(String customer, @DefaultValue("2") int limit);
    }

    private static class KnownOrders implements Orders {
        private final AtomicInteger placed = new AtomicInteger();

        @Override
        public Order get(String id) {
            if (id.isEmpty()) {
                throw new ServiceException(Code.NOT_FOUND, "there is no order \"\"");
            }
            return new Order(id, "ada", 1);
        }

        @Override
        public Order place(Order order) {
            placed.incrementAndGet();
            return order;
        }

        @Override
        public List<Order> list(String customer, int limit) {
            return IntStream.range(0, limit)
                    .mapToObj(i -> new Order("" + i, customer, i))
                    .toList();
        }
    }

    /** Opens a registry for other instances of Treaty in the same test. */
    private static Treaty registry() {
        Treaty treaty = Treaty.open(Patient.settings(""));
        treaty.serveRegistry();
        return treaty;
    }

    private static Treaty member(Treaty registry, String name, String more) {
        return Treaty.open(Patient.settings(named(registry, name) + more));
    }

    private static String named(Treaty registry, String name) {
        ServiceEndpoint at = registry.endpoint().orElseThrow();
        return "name: " + name + "\nregistry: treaty://" + at.authority() + "\n";
    }

    @Test
    void serves_and_calls_typed_and_by_name() throws Exception {
        try (Treaty treaty = Treaty.open(Patient.settings(""))) {
            treaty.serve(Orders.class, new KnownOrders());
            Orders orders = treaty.client(Orders.class);
            assertThat(orders.get("42")).isEqualTo(new Order("42", "ada", 1));
            assertThat(orders.list("ada", 3)).hasSize(3);
            assertThatThrownBy(() -> orders.get("")).isInstanceOfSatisfying(ServiceException.class, e -> {
                assertThat(e.code()).isEqualTo(Code.NOT_FOUND);
                assertThat(e.fault().message()).isEqualTo("there is no order \"\"");
            });

            ServiceResponse<?> response = treaty.client().call("test.Orders", "get", Map.of("id", "7"));
            assertThat(response.orThrow()).isEqualTo(Map.of("id", "7", "customer", "ada", "quantity", 1));
            assertThat(response.latency()).isPositive();
            ServiceResponse<?> wrapped = treaty.client()
                    .callAsync("test.Orders", "list", Map.of("customer", "a"))
                    .get(60, TimeUnit.SECONDS);
            assertThat(((Map<?, ?>) wrapped.orThrow()).get("result"))
                    .asInstanceOf(InstanceOfAssertFactories.LIST)
                    .hasSize(2);
            assertThat(treaty.callAsync(() -> orders.get("9"))
                            .get(60, TimeUnit.SECONDS)
                            .id())
                    .isEqualTo("9");

            assertThat(treaty.client().health("test.Orders").status()).isEqualTo(Status.PASSING);
            assertThat(treaty.client().health("test.Missing").status()).isEqualTo(Status.UNKNOWN);
            assertThat(treaty.client().call("test.Orders", "fly", Map.of()))
                    .isInstanceOfSatisfying(
                            ServiceResponse.Failed.class,
                            f -> assertThat(f.fault().code()).isEqualTo(Code.UNIMPLEMENTED));
        }
    }

    @Test
    void a_service_without_instances_is_unavailable_with_a_reason() throws Exception {
        try (Treaty treaty = Treaty.open(Patient.settings(""))) {
            assertThat(treaty.client().call("test.Missing", "get", Map.of()))
                    .isInstanceOfSatisfying(ServiceResponse.Failed.class, f -> {
                        assertThat(f.fault().code()).isEqualTo(Code.UNAVAILABLE);
                        assertThat(f.fault().message()).contains("no instance of test.Missing is registered");
                    });
        }
    }

    @Contract(name = "test.Outer", version = "1.0.0")
    public interface Outer {
        String describe(String id);
    }

    @Test
    void calls_of_a_handler_inherit_deadline_caller_trace_and_attempt() {
        Queue<CallContext> contexts = new ConcurrentLinkedQueue<>();
        try (Treaty registry = registry();
                Treaty inner = member(registry, "inner", "");
                Treaty outer = member(registry, "outer", "");
                Treaty caller = Treaty.open(Settings.parse(
                        "test",
                        named(registry, "the-caller") + "defaults: {deadline: 20s, attempt-timeout: 20s}\n",
                        Map.of()))) {
            inner.serve(Orders.class, new KnownOrders() {
                @Override
                public Order get(String id) {
                    contexts.add(CallContext.current().orElseThrow());
                    return super.get(id);
                }
            });
            Orders orders = outer.client(Orders.class);
            outer.serve(Outer.class, id -> {
                contexts.add(CallContext.current().orElseThrow());
                return orders.get(id).customer();
            });
            knows(outer, new ServiceName("test.Orders"), 1);
            knows(caller, new ServiceName("test.Outer"), 1);
            assertThat(caller.client(Outer.class).describe("1")).isEqualTo("ada");
        }
        CallContext first = contexts.remove();
        CallContext second = contexts.remove();
        assertThat(first.caller().name()).isEqualTo("the-caller");
        assertThat(second.caller()).isEqualTo(first.caller());
        assertThat(second.trace().id()).isEqualTo(first.trace().id());
        assertThat(second.trace().span()).isNotEqualTo(first.trace().span());
        assertThat(second.attempt()).isEqualTo(1);
        assertThat(second.deadline().atNanos() - first.deadline().atNanos())
                .as("the inner deadline is the outer one of 20 s, not a new one of 1 minute")
                .isLessThan(Duration.ofSeconds(30).toNanos());
    }

    @Test
    void a_fallback_responds_for_a_service_without_instances_and_emits_an_event() {
        Queue<Event> events = new ConcurrentLinkedQueue<>();
        try (Treaty treaty = Treaty.open(Patient.settings(""))) {
            treaty.events().subscribe(events::add);
            Orders orders = treaty.client(Orders.class, new KnownOrders());
            assertThat(orders.get("5").id()).isEqualTo("5");
        }
        assertThat(events).anyMatch(e -> e instanceof Event.FallbackServed);
    }

    @Test
    void a_service_starts_while_the_registry_is_unreachable() throws Exception {
        int port;
        try (Treaty first = registry()) {
            port = first.endpoint().orElseThrow().port();
        }
        String address = "registry: treaty://127.0.0.1:" + port + "\n";
        Queue<Event> events = new ConcurrentLinkedQueue<>();
        try (Treaty service = Treaty.open(Settings.parse("service", address, Map.of()))) {
            service.events().subscribe(events::add);
            service.serve(Orders.class, new KnownOrders());
            until(() -> service.registry().problem().isPresent());
            assertThat(service.registry().problem())
                    .hasValueSatisfying(t -> assertThat(t).contains("" + port));
            assertThat(get(service.endpoint().orElseThrow(), "/-/health").status())
                    .isEqualTo(200);
            try (Treaty late = Treaty.open(Settings.parse("registry", "server:\n  port: " + port + "\n", Map.of()))) {
                var seen = new CountDownLatch(1);
                late.registry().watch(new ServiceName("test.Orders"), _ -> seen.countDown());
                late.serveRegistry();
                assertThat(seen.await(60, TimeUnit.SECONDS)).isTrue();
            }
        }
        assertThat(events)
                .anyMatch(e -> e instanceof Event.RegistryChanged(var _, var reachable, var _, var _) && reachable);
    }

    @Test
    void closing_an_instance_under_load_loses_no_call() throws Exception {
        var failures = new ConcurrentLinkedQueue<Exception>();
        var stop = new AtomicBoolean();
        var made = new AtomicInteger();
        var first = new KnownOrders();
        var second = new KnownOrders();
        try (Treaty registry = registry();
                Treaty client = member(registry, "client", "");
                Treaty staying = member(registry, "staying", "")) {
            Treaty leaving = member(registry, "leaving", "");
            leaving.serve(Orders.class, first);
            var known = new CountDownLatch(2); // serving does not wait for the registry
            client.registry().watch(new ServiceName("test.Orders"), event -> {
                if (event instanceof DiscoveryEvent.Added) {
                    known.countDown();
                }
            });
            Orders orders = client.client(Orders.class);
            knows(client, new ServiceName("test.Orders"), 1);
            orders.place(new Order("0", "ada", 0));
            made.incrementAndGet();
            List<Thread> callers = IntStream.range(0, 8)
                    .mapToObj(_ -> Thread.startVirtualThread(() -> {
                        while (!stop.get()) {
                            try {
                                made.incrementAndGet();
                                orders.place(new Order("1", "ada", 1));
                                // Leaves processor time for the others on a machine with one processor.
                                Time.system().sleep(1_000_000);
                            } catch (RuntimeException | InterruptedException e) {
                                failures.add(e);
                            }
                        }
                    }))
                    .toList();
            staying.serve(Orders.class, second);
            assertThat(known.await(60, TimeUnit.SECONDS)).isTrue();
            leaving.close();
            stop.set(true);
            for (Thread caller : callers) {
                caller.join();
            }
        }
        assertThat(failures).isEmpty();
        assertThat(first.placed.get() + second.placed.get())
                .as("each call ran exactly once")
                .isEqualTo(made.get());
    }

    private static final class ChangingHealth extends KnownOrders implements HealthSource {
        private volatile ServiceHealth health = ServiceHealth.of(Status.PASSING, Instant.EPOCH);

        @Override
        public ServiceHealth health() {
            return health;
        }
    }

    @Test
    void health_is_visible_to_clients_and_on_the_page() throws Exception {
        var changing = new ChangingHealth();
        try (Treaty treaty = Treaty.open(Patient.settings(""))) {
            ServedService hosted = treaty.serve(Orders.class, changing);
            Orders orders = treaty.client(Orders.class);
            assertThat(orders.get("1").id()).isEqualTo("1");
            var critical = new CountDownLatch(1);
            treaty.registry().watch(hosted.instance().service(), e -> {
                if (e.instance().health().message().equals("the database is away")) {
                    critical.countDown();
                }
            });
            changing.health = new ServiceHealth(
                    Status.CRITICAL, "the database is away", Instant.EPOCH, Map.of("database", "down"));
            assertThat(critical.await(60, TimeUnit.SECONDS)).isTrue();
            var page = get(treaty.endpoint().orElseThrow(), "/-/health");
            assertThat(page.status()).isEqualTo(503);
            assertThat(page.body()).contains("critical", "the database is away", "\"database\":\"down\"");
            var nodes = treaty.callers().caller(hosted.instance().service()).nodes();
            until(() -> nodes.exclusions().containsValue("critical"));
            assertThatThrownBy(() -> orders.get("1")).hasMessageContaining("(critical)");
        }
    }

    @Test
    void a_closed_service_can_be_served_again() throws Exception {
        try (Treaty treaty = Treaty.open(Patient.settings(""))) {
            ServedService first = treaty.serve(Orders.class, new KnownOrders());
            assertThatThrownBy(() -> treaty.serve(Orders.class, new KnownOrders()))
                    .hasMessageContaining("test.Orders is served already");
            first.close();
            ServiceEndpoint at = treaty.endpoint().orElseThrow();
            assertThat(get(at, "/-/status").body())
                    .doesNotContain(first.instance().id());

            ServedService second = treaty.serve(Orders.class, new KnownOrders());
            first.close(); // no effect: it is closed

            assertThat(treaty.client(Orders.class).get("42").id()).isEqualTo("42");
            assertThat(get(at, "/-/status").body())
                    .contains(second.instance().id())
                    .doesNotContain(first.instance().id());
        }
    }

    @Test
    void the_steps_of_a_call_can_be_described() {
        try (Treaty treaty = Treaty.open(Settings.DEFAULTS)) {
            String steps = treaty.describe(new ServiceName("test.Orders"));
            assertThat(steps.lines().filter(line -> !line.startsWith(" ")))
                    .extracting(line -> line.substring(0, line.indexOf(" ")))
                    .containsExactly("observe", "guard", "balance");
            assertThat(steps).contains("test.Orders: level full", "retry", "3 attempts");
        }
    }

    private record Page(int status, String body) {}

    private static Page get(ServiceEndpoint endpoint, String path) throws Exception {
        var connection = (HttpURLConnection) URI.create(endpoint + path).toURL().openConnection();
        int status = connection.getResponseCode();
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Page(status, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
