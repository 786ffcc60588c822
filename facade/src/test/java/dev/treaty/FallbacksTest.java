package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.Policies;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Fallbacks from settings and from a client's code. */
class FallbacksTest {
    /** The called contract. */
    @Contract(name = "test.Prices", version = "1.0.0")
    public interface Prices {
        /** Returns a price. */
        @Idempotent
        int price(String sku);

        /** Returns all names with a price. */
        @Idempotent
        List<String> skus();

        /** Changes a price, and returns the number of changes. */
        int change(String sku, int price);
    }

    /** The alternative service. */
    @Contract(name = "test.OldPrices", version = "1.0.0")
    public interface OldPrices {
        /** Returns a price. */
        @Idempotent
        int price(String sku);
    }

    /** Works until it is broken. */
    private static class PriceList implements Prices {
        volatile boolean broken;
        final AtomicInteger changes = new AtomicInteger();

        private void check() {
            if (broken) {
                throw new ServiceException(Code.UNAVAILABLE, "the price list is lost");
            }
        }

        @Override
        public int price(String sku) {
            check();
            return sku.length();
        }

        @Override
        public List<String> skus() {
            check();
            return List.of("tea");
        }

        @Override
        public int change(String sku, int price) {
            check();
            return changes.incrementAndGet();
        }
    }

    private static final ServiceName PRICES = new ServiceName("test.Prices");

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final ConcurrentLinkedQueue<Event.FallbackServed> served = new ConcurrentLinkedQueue<>();
    private final PriceList list = new PriceList();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    /** Opens a process that serves the prices. */
    private Treaty open(String yaml) {
        Treaty treaty =
                Treaty.open(Patient.settings("defaults: {breaker: {window: 10m}}\nserver: {drain: 0s}\n" + yaml));
        opened.add(treaty);
        treaty.events().subscribe(event -> {
            if (event instanceof Event.FallbackServed fallback) {
                served.add(fallback);
            }
        });
        treaty.serve(Prices.class, list);
        return treaty;
    }

    private Origin lastOrigin() {
        return served.stream().reduce((_, last) -> last).orElseThrow().origin();
    }

    @Test
    void the_last_response_to_the_same_request_is_served_from_the_cache() {
        Prices prices =
                open("services: {test.Prices: {fallback: {cache-for: 1m}}}\n").client(Prices.class);
        assertThat(prices.price("tea")).isEqualTo(3);
        assertThat(prices.change("tea", 4)).isEqualTo(1);

        list.broken = true;

        assertThat(prices.price("tea")).isEqualTo(3);
        assertThat(lastOrigin()).isEqualTo(Origin.CACHED);
        assertThatThrownBy(() -> prices.price("coffee"))
                .as("another request")
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.code().isServiceFailure()).isTrue());
        assertThatThrownBy(() -> prices.change("tea", 4)).as("not idempotent").isInstanceOf(ServiceException.class);
    }

    @Test
    void the_cache_has_a_maximum_size() {
        Prices prices =
                open("services: {test.Prices: {fallback: {cache-for: 1m, cache-max: 10}, retry: {attempts: 1}}}\n")
                        .client(Prices.class);
        for (int i = 0; i < 200; i++) {
            prices.price("tea" + i);
        }
        list.broken = true;
        int kept = 0;
        for (int i = 0; i < 200; i++) {
            try {
                prices.price("tea" + i);
                kept++;
            } catch (ServiceException e) {
                assertThat(e.code().isServiceFailure()).isTrue();
            }
        }
        assertThat(kept).isBetween(1, 10);
    }

    @Test
    void calls_by_name_are_served_from_the_cache() throws InterruptedException {
        Treaty treaty = open("services: {test.Prices: {fallback: {cache-for: 1m}}}\n");
        assertThat(treaty.client()
                        .call("test.Prices", "price", Map.of("sku", "tea"))
                        .orThrow())
                .isEqualTo(Map.of("result", 3));
        list.broken = true;

        assertThat(treaty.client().call("test.Prices", "price", Map.of("sku", "tea")))
                .isInstanceOfSatisfying(ServiceResponse.Ok.class, ok -> {
                    assertThat(ok.value()).isEqualTo(Map.of("result", 3));
                    assertThat(ok.origin()).isEqualTo(Origin.CACHED);
                });
    }

    @Test
    void a_fixed_response_is_served_for_operations_that_accept_it() {
        Prices prices = open("services: {test.Prices: {retry: {attempts: 1}, fallback: {value: '{\"result\": 7}'}}}\n")
                .client(Prices.class);
        list.broken = true;

        assertThat(prices.price("tea")).isEqualTo(7);
        assertThat(lastOrigin()).isEqualTo(Origin.STATIC);
        assertThatThrownBy(prices::skus)
                .isInstanceOf(ServiceException.class)
                .hasMessageContaining("the price list is lost; the fallback failed too: fallback.value of test.Prices"
                        + " is not an answer of skus: ");
    }

    @Test
    void a_fixed_response_that_no_operation_accepts_is_rejected_before_the_first_call() {
        Treaty treaty =
                open("services: {test.Prices: {operations: {price: {fallback: {value: '{\"result\": \"much\"}'}}}}}\n");

        assertThatThrownBy(() -> treaty.client(Prices.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fallback.value of test.Prices is not an answer of price: ")
                .hasMessageContaining("result");
    }

    @Test
    void a_configured_alternative_service_responds() {
        Treaty treaty = open("services: {test.Prices: {fallback: {alternative: test.OldPrices}}}\n");
        treaty.serve(OldPrices.class, sku -> 100 + sku.length());
        Prices prices = treaty.client(Prices.class);
        assertThat(prices.price("tea")).isEqualTo(3);
        list.broken = true;

        assertThat(prices.price("tea")).isEqualTo(103);
        assertThat(lastOrigin()).isEqualTo(Origin.ALTERNATIVE);
    }

    @Test
    void two_alternatives_of_each_other_do_not_recurse() {
        Treaty treaty = open("services: {test.Prices: {fallback: {alternative: test.OldPrices}},"
                + " test.OldPrices: {retry: {attempts: 1}, fallback: {alternative: test.Prices}}}\n");
        list.broken = true;
        Prices prices = treaty.client(Prices.class);

        assertThatThrownBy(() -> prices.price("tea"))
                .isInstanceOf(ServiceException.class)
                .hasMessageContaining("the price list is lost; the fallback failed too: no instance of test.OldPrices");
    }

    @Test
    void fallbacks_are_tried_in_order_and_code_comes_first() {
        String yaml = "services: {test.Prices: {fallback: {cache-for: 1m, alternative: test.OldPrices,"
                + " value: '{\"result\": 7}'}}, test.OldPrices: {retry: {attempts: 1}}}\n";
        Treaty treaty = open(yaml);
        Prices prices = treaty.degradingClient(Prices.class, _ -> new PriceList() {
            @Override
            public int price(String sku) {
                if (sku.equals("secret")) {
                    return -1;
                }
                throw new ServiceException(Code.UNIMPLEMENTED, "no fallback");
            }
        });
        assertThat(prices.price("tea")).isEqualTo(3);
        list.broken = true;

        assertThat(prices.price("secret")).isEqualTo(-1);
        assertThat(lastOrigin()).isEqualTo(Origin.DEGRADED);
        assertThat(prices.price("tea")).isEqualTo(3);
        assertThat(lastOrigin()).isEqualTo(Origin.CACHED);
        assertThat(prices.price("coffee")).isEqualTo(7);
        assertThat(lastOrigin()).isEqualTo(Origin.STATIC);
        treaty.serve(OldPrices.class, sku -> 100 + sku.length());
        treaty.client(OldPrices.class).price("tea"); // the client knows its instance now
        assertThat(prices.price("coffee")).isEqualTo(106);
        assertThat(lastOrigin()).isEqualTo(Origin.ALTERNATIVE);
    }

    @Test
    void a_degrading_client_responds_depending_on_the_fault() {
        var faults = new ConcurrentLinkedQueue<String>();
        Treaty treaty = open("services: {test.Prices: {retry: {attempts: 1}}}\n");
        Prices prices = treaty.degradingClient(Prices.class, fault -> {
            faults.add(fault.message());
            return new PriceList();
        });
        list.broken = true;

        assertThat(prices.price("coffee")).isEqualTo(6);
        assertThat(prices.skus()).containsExactly("tea");
        assertThat(lastOrigin()).isEqualTo(Origin.DEGRADED);
        assertThat(faults).allMatch(fault -> fault.endsWith("the price list is lost"));
        assertThat(treaty.guards()
                        .find("test.Prices")
                        .orElseThrow()
                        .statistics()
                        .fallbacksServed())
                .isEqualTo(2);
    }

    @Test
    void a_configured_fallback_applies_from_the_next_call_and_only_from_level_enhanced() {
        Treaty treaty = open("");
        Prices prices = treaty.client(Prices.class);
        list.broken = true;
        assertThatThrownBy(() -> prices.price("tea")).isInstanceOf(ServiceException.class);

        var guard = treaty.guards().find("test.Prices").orElseThrow();
        var yaml = "services: {test.Prices: {fallback: {value: '{\"result\": 7}'}}}\n";
        guard.apply(Settings.parse("changed", yaml, Map.of()).service(PRICES));
        assertThat(prices.price("tea")).isEqualTo(7);

        guard.level(IsolationLevel.BASIC);
        assertThatThrownBy(() -> prices.price("tea")).isInstanceOf(ServiceException.class);
    }

    @Test
    void a_changed_breaker_policy_applies_to_every_instance_from_the_next_call() {
        Treaty treaty = open("services: {test.Prices: {retry: {attempts: 1}, breaker: {consecutive-failures: 100,"
                + " failure-rate: 1.0, minimum-calls: 1000}}}\n");
        Prices prices = treaty.client(Prices.class);
        var nodes = treaty.callers().caller(PRICES).nodes();
        list.broken = true;
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> prices.price("tea")).isInstanceOf(ServiceException.class);
        }
        var before = nodes.list().getFirst().breaker();
        assertThat(before.snapshot().failures()).isEqualTo(5);

        treaty.guards()
                .find("test.Prices")
                .orElseThrow()
                .apply(policies("retry: {attempts: 1}, breaker: {window: 10m, open: 10m, open-max: 10m,"
                        + " consecutive-failures: 2}"));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> prices.price("tea")).isInstanceOf(ServiceException.class);
        }

        var after = nodes.list().getFirst().breaker();
        assertThat(after).isNotSameAs(before);
        assertThat(after.snapshot().reason()).isEqualTo("2 failures in a row");
        treaty.guards()
                .find("test.Prices")
                .orElseThrow()
                .apply(policies("retry: {attempts: 2}, breaker: {window: 10m, open: 10m, open-max: 10m,"
                        + " consecutive-failures: 2}"));
        assertThat(nodes.list().getFirst().breaker())
                .as("the same policy keeps its state")
                .isSameAs(after);
    }

    private static Policies policies(String yaml) {
        return Settings.parse("changed", "services: {test.Prices: {" + yaml + "}}\n", Map.of())
                .service(PRICES);
    }
}
