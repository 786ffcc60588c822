package dev.treaty.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.demo.InjectedFault.Plan;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class OpenLoopTest {
    private static OpenLoop load(Customers.Storefront storefront, InjectedFault... faults) {
        return new OpenLoop(new Customers(storefront, "test"), 1_000, List.of(faults));
    }

    @Test
    void calls_begin_when_they_are_due_even_if_earlier_calls_have_not_ended() {
        var begun = new CountDownLatch(50); // no call ends before the last one has begun
        var load = load((_, _, _) -> {
            begun.countDown();
            begun.await();
            return ServiceResponse.ok(Map.of());
        });

        load.run(Duration.ofMillis(50));

        CallTotals.Summary total = load.total();
        assertThat(total.calls()).isEqualTo(50);
        assertThat(total.failed()).isZero();
        assertThat(total.max()).isGreaterThan(Duration.ofMillis(45).toNanos()); // the first waited for the last
    }

    @Test
    void customers_place_orders_and_look_at_pages_in_turn_and_each_order_has_an_id() {
        Queue<String> operations = new ConcurrentLinkedQueue<>();
        Set<Object> ids = ConcurrentHashMap.newKeySet();
        var load = load((operation, request, deadline) -> {
            operations.add(operation);
            if (operation.equals("checkout")) {
                ids.add(request.get("id"));
            }
            assertThat(deadline).isPositive().isLessThanOrEqualTo(OpenLoop.DEADLINE);
            return ServiceResponse.ok(Map.of());
        });

        load.run(Duration.ofMillis(20));

        assertThat(load.total().failed()).isZero(); // a failed assertion above is a failed call
        assertThat(operations).containsOnly("checkout", "browse").hasSize(20);
        assertThat(ids).hasSize(10).contains("test-0", "test-2");
    }

    @Test
    void failures_are_counted_and_kept_with_their_reasons() {
        var calm = new InjectedFault(Plan.CALM);
        calm.begin(0);
        var load = load(
                (operation, _, _) -> operation.equals("browse")
                        ? ServiceResponse.failed(Code.UNAVAILABLE, "no instance")
                        : ServiceResponse.ok(Map.of()),
                calm);

        load.run(Duration.ofMillis(10));

        assertThat(load.total().failed()).isEqualTo(5);
        assertThat(load.failures())
                .hasSize(5)
                .allSatisfy(failure -> assertThat(failure.fault().code()).isEqualTo(Code.UNAVAILABLE));
        assertThat(calm.summary().failed()).isEqualTo(5);
    }

    @Test
    void an_exception_of_the_client_is_a_failed_call() {
        var load = load((_, _, _) -> {
            throw new IllegalStateException("closed");
        });

        load.run(Duration.ofMillis(1));

        assertThat(load.failures().getFirst().fault().code()).isEqualTo(Code.INTERNAL);
    }

    @Test
    void a_fault_counts_the_calls_that_were_due_during_it() {
        var fault = new InjectedFault(Plan.KILL);
        fault.begin(100);
        fault.count(99, 1_000, true, false);
        fault.count(100, 1_000, false, false);
        fault.end(200);
        fault.count(199, 1_000, true, true);
        fault.count(200, 1_000, true, false);

        assertThat(fault.summary())
                .extracting(s -> List.of(s.calls(), s.failed(), s.late()))
                .isEqualTo(List.of(2L, 1L, 1L));
    }
}
