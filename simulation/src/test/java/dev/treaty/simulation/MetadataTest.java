package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Platform;
import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Headers and trailers in both directions, over HTTP and in memory. */
@Timeout(120)
class MetadataTest {
    private static final Headers TENANT =
            Headers.of("x-tenant", "acme").and("x-tenant", "second, value").and("x-key-bin", new byte[] {0, -1});

    /** How calls travel. */
    enum Network {
        HTTP,
        MEMORY
    }

    /** A contract of the test. */
    @Contract(name = "test.Shop", version = "1.0.0")
    public interface Shop {
        /** Returns an order. */
        @Idempotent
        Optional<String> get(String id);

        /** Places an order. */
        void place(String id);
    }

    /** A service that the shop calls. */
    @Contract(name = "test.Stock", version = "1.0.0")
    public interface Stock {
        /** Returns a number. */
        @Idempotent
        int left(String sku);
    }

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final MemoryPlatform memory = new MemoryPlatform(Time.system());
    private final Queue<Headers> seen = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Treaty open(Network network, String yaml) {
        Platform platform = network == Network.MEMORY ? memory.platform(opened.size()) : Platform.system();
        Treaty treaty = Treaty.open(
                Settings.parse(
                        "test",
                        "server: {drain: 0s}\n" + yaml,
                        Map.of("TREATY_DEFAULTS_DEADLINE", "1m", "TREATY_DEFAULTS_ATTEMPT_TIMEOUT", "1m")),
                platform);
        opened.add(treaty);
        return treaty;
    }

    private static CallContext context() {
        return CallContext.current().orElseThrow();
    }

    /** Sends a header, a trailer and bytes with each response. */
    private final class Answering implements Shop {
        @Override
        public Optional<String> get(String id) {
            seen.add(context().headers());
            assertThat(context().addHeaders(Headers.of("x-cost", "1").and("x-key-bin", new byte[] {7})))
                    .isTrue();
            assertThat(context().addHeaders(Headers.of("x-cost", "3").and("x-cost", "4")))
                    .isTrue();
            context().addTrailers(Headers.of("x-rows", id));
            if (id.equals("none")) {
                return Optional.empty();
            }
            if (id.equals("bug")) {
                throw new IllegalStateException("a bug");
            }
            if (id.equals("missing")) {
                throw new ServiceException(Code.NOT_FOUND, "there is no such order");
            }
            return Optional.of(id);
        }

        @Override
        public void place(String id) {
            seen.add(context().headers());
        }
    }

    private static void check(ServiceResponse<?> response, String id) {
        assertThat(response.headers().all("x-cost")).containsExactly("3", "4");
        assertThat(response.headers().binary("x-key-bin")).containsExactly(new byte[] {7});
        assertThat(response.trailers()).isEqualTo(Headers.of("x-rows", id));
    }

    @ParameterizedTest
    @EnumSource
    void a_typed_client_sends_headers_and_gets_the_whole_response(Network network) {
        Treaty treaty = open(network, "");
        var service = treaty.serve(Shop.class, new Answering());
        Shop shop = treaty.client(Shop.class);
        var traces = new ConcurrentLinkedQueue<String>();
        treaty.events().subscribe(event -> {
            if (event instanceof Event.CallEnded ended) {
                traces.add(ended.call().context().trace().id());
            }
        });

        ServiceResponse<Optional<String>> response =
                treaty.withHeaders(TENANT, () -> treaty.respond(() -> shop.get("42")));

        assertThat(seen).containsExactly(TENANT);
        assertThat(response.orThrow()).contains("42");
        check(response, "42");
        assertThat(response.metadata().instance()).isEqualTo(service.instance().id());
        assertThat(response.metadata().attempts()).isEqualTo(1);
        assertThat(traces).contains(response.metadata().traceId());
        assertThat(response.latencyNanos()).isPositive();
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Ok.class, ok -> assertThat(ok.origin()).isEqualTo(Origin.SERVICE));
        assertThat(treaty.respond(() -> shop.get("none")).orThrow()).isEmpty();
        assertThat(shop.get("43")).contains("43");
        assertThat(seen).as("without withHeaders").endsWith(Headers.NONE);
    }

    @ParameterizedTest
    @EnumSource
    void a_failed_call_has_headers_and_trailers_too(Network network) {
        Treaty treaty = open(network, "");
        var service = treaty.serve(Shop.class, new Answering());
        Shop shop = treaty.client(Shop.class);

        ServiceResponse<Optional<String>> response = treaty.respond(() -> shop.get("missing"));

        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().code()).isEqualTo(Code.NOT_FOUND));
        check(response, "missing");
        assertThatThrownBy(() -> shop.get("bug")).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(Code.INTERNAL);
            check(e.response(), "bug");
            assertThat(e.response().metadata().instance())
                    .isEqualTo(service.instance().id());
            assertThat(e.response().metadata().attempts()).isEqualTo(1);
            assertThat(e.response().metadata().traceId()).hasSize(32);
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_dynamic_client_sends_and_receives_the_same(Network network) throws Exception {
        Treaty treaty = open(network, "");
        var service = treaty.serve(Shop.class, new Answering());

        ServiceResponse<?> response =
                treaty.client().call("test.Shop", "get", Map.of("id", "42"), Duration.ofMinutes(1), TENANT);

        // In memory messages are not encoded, so that the arguments of a dynamic client do not fit.
        assertThat(response.metadata().instance()).isEqualTo(service.instance().id());
        assertThat(response.metadata().attempts()).isPositive();
        assertThat(response.metadata().traceId()).hasSize(32);
        if (network == Network.HTTP) {
            assertThat(response.orThrow()).isEqualTo(Map.of("result", "42"));
            assertThat(seen).containsExactly(TENANT);
            check(response, "42");
            treaty.withHeaders(
                    Headers.of("x-tenant", "outer").and("x-other", "kept"),
                    () -> treaty.client().call("test.Shop", "get", Map.of("id", "42"), Duration.ofMinutes(1), TENANT));
            assertThat(seen).endsWith(Headers.of("x-other", "kept").with(TENANT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void each_attempt_sends_the_headers_and_the_response_is_that_of_the_last(Network network) {
        Treaty treaty = open(network, "defaults: {retry: {attempts: 3, backoff: 1ms, budget: 100%}}\n");
        var calls = new AtomicInteger();
        treaty.serve(Shop.class, new Shop() {
            @Override
            public Optional<String> get(String id) {
                seen.add(context().headers());
                int call = calls.incrementAndGet();
                context().addHeaders(Headers.of("x-call", "" + call));
                if (call < 3) {
                    throw new ServiceException(Code.UNAVAILABLE, "try again");
                }
                return Optional.of(id);
            }

            @Override
            public void place(String id) {}
        });
        Shop shop = treaty.client(Shop.class);

        var response = treaty.withHeaders(TENANT, () -> treaty.respond(() -> shop.get("42")));

        assertThat(seen).containsExactly(TENANT, TENANT, TENANT);
        assertThat(response.headers()).isEqualTo(Headers.of("x-call", "3"));
        assertThat(response.metadata().attempts()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource
    void a_hedge_sends_the_headers_and_the_winner_is_the_one_whose_headers_count(Network network) {
        Treaty client = open(network, "defaults: {hedge: {percentile: 0.9, budget: 100%}}\n");
        var first = new CountDownLatch(1);
        var calls = new AtomicInteger();
        client.serve(Shop.class, new Shop() {
            @Override
            public Optional<String> get(String id) {
                if (id.equals("fast")) {
                    return Optional.empty();
                }
                seen.add(context().headers());
                int call = calls.incrementAndGet();
                context().addHeaders(Headers.of("x-call", "" + call));
                if (call == 1) {
                    try {
                        first.await(); // until it is interrupted
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
                return Optional.of(id);
            }

            @Override
            public void place(String id) {}
        });
        Shop shop = client.client(Shop.class);
        for (int i = 0; i < 300; i++) {
            shop.get("fast"); // so that it is known what slow is
        }

        var response = client.withHeaders(TENANT, () -> client.respond(() -> shop.get("42")));

        assertThat(seen).containsExactly(TENANT, TENANT);
        assertThat(response.headers()).isEqualTo(Headers.of("x-call", "2"));
        assertThat(response.metadata().attempts()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void the_calls_of_a_handler_do_not_send_the_headers_that_it_received(Network network) {
        Treaty treaty = open(network, "");
        Queue<Headers> stock = new ConcurrentLinkedQueue<>();
        treaty.serve(Stock.class, _ -> {
            stock.add(context().headers());
            context().addHeaders(Headers.of("x-stock", "of the inner call"));
            throw new ServiceException(Code.NOT_FOUND, "nothing is left");
        });
        Stock inner = treaty.client(Stock.class);
        treaty.serve(Shop.class, new Shop() {
            @Override
            public Optional<String> get(String id) {
                seen.add(context().headers());
                return Optional.of("" + treaty.withHeaders(context().headers(), () -> inner.left(id)));
            }

            @Override
            public void place(String id) {
                seen.add(context().headers());
                inner.left(id);
            }
        });
        Shop shop = treaty.client(Shop.class);

        treaty.withHeaders(TENANT, () -> {
            assertThatThrownBy(() -> shop.place("42")).isInstanceOfSatisfying(ServiceException.class, e -> {
                assertThat(e.code()).isEqualTo(Code.NOT_FOUND);
                assertThat(e.response().headers()).as("of the inner call").isEqualTo(Headers.NONE);
            });
            assertThat(seen).containsExactly(TENANT);
            assertThat(stock).containsExactly(Headers.NONE);
            assertThatThrownBy(() -> shop.get("42")).isInstanceOf(ServiceException.class);
            assertThat(stock).as("unless it says so").endsWith(TENANT);
            return true;
        });
    }

    @ParameterizedTest
    @EnumSource
    void an_alternative_service_gets_the_headers_and_the_response_tells_the_origin(Network network) {
        Treaty treaty = open(network, """
            services: {test.Shop: {fallback: {alternative: test.Old}, retry: {attempts: 1}}}
            """);
        treaty.serve(Shop.class, new Shop() {
            @Override
            public Optional<String> get(String id) {
                throw new ServiceException(Code.UNAVAILABLE, "broken");
            }

            @Override
            public void place(String id) {}
        });
        treaty.serve(Old.class, id -> {
            seen.add(context().headers());
            return Optional.of("old " + id);
        });
        Shop shop = treaty.client(Shop.class);

        var response = treaty.withHeaders(TENANT, () -> treaty.respond(() -> shop.get("42")));

        assertThat(response.orThrow()).contains("old 42");
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Ok.class, ok -> assertThat(ok.origin()).isEqualTo(Origin.ALTERNATIVE));
        assertThat(seen).containsExactly(TENANT);
    }

    /** The alternative of the shop. */
    @Contract(name = "test.Old", version = "1.0.0")
    public interface Old {
        /** Returns an order. */
        @Idempotent
        Optional<String> get(String id);
    }

    @ParameterizedTest
    @EnumSource
    void asynchronous_calls_send_the_headers(Network network) throws Exception {
        Treaty treaty = open(network, "");
        treaty.serve(Shop.class, new Answering());
        Shop shop = treaty.client(Shop.class);

        ServiceResponse<Optional<String>> response = treaty.withHeaders(
                        TENANT, () -> treaty.callAsync(() -> treaty.respond(() -> shop.get("42"))))
                .get(60, TimeUnit.SECONDS);

        assertThat(seen).containsExactly(TENANT);
        check(response, "42");
    }

    @ParameterizedTest
    @EnumSource
    void headers_that_are_set_after_the_handler_has_returned_are_ignored(Network network) throws Exception {
        Treaty treaty = open(network, "");
        var contexts = new LinkedBlockingQueue<CallContext>();
        treaty.serve(Shop.class, new Shop() {
            @Override
            public Optional<String> get(String id) {
                contexts.add(context());
                return Optional.of(id);
            }

            @Override
            public void place(String id) {
                Headers half = Headers.of("x-a", "v".repeat(Headers.BYTES_MAX / 2));
                context().addHeaders(half);
                context().addHeaders(Headers.of("x-b", "v".repeat(Headers.BYTES_MAX / 2)));
            }
        });
        Shop shop = treaty.client(Shop.class);

        var response = treaty.respond(() -> shop.get("42"));

        CallContext late = contexts.poll(60, TimeUnit.SECONDS);
        assertThat(late.addHeaders(Headers.of("x-late", "1"))).isFalse();
        assertThat(late.addTrailers(Headers.of("x-late", "1"))).isFalse();
        assertThat(response.headers()).isEqualTo(Headers.NONE);
        assertThatThrownBy(() -> shop.place("too many headers"))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.INTERNAL));
    }

    @ParameterizedTest
    @EnumSource
    void a_call_without_headers_creates_nothing_for_them(Network network) {
        Treaty treaty = open(network, "");
        treaty.serve(Stock.class, _ -> {
            seen.add(context().headers());
            return 3;
        });
        Stock stock = treaty.client(Stock.class);
        var attempts = new ConcurrentLinkedQueue<Event.AttemptEnded>();
        treaty.events().subscribe(event -> {
            if (event instanceof Event.AttemptEnded ended) {
                attempts.add(ended);
            }
        });
        stock.left("tea");
        stock.left("tea");
        Event.AttemptEnded first = attempts.remove();
        assertThat(attempts.remove().response().metadata())
                .isSameAs(first.response().metadata());
        assertThat(first.call().context().headers()).isSameAs(Headers.NONE);
        assertThat(first.call().context().outgoing()).isSameAs(Headers.NONE);
        assertThat(seen).hasSize(2).allSatisfy(headers -> assertThat(headers).isSameAs(Headers.NONE));
    }
}
