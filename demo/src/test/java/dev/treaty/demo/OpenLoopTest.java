package dev.treaty.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
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
    @Test
    void callsBeginAtTheirTimeWhetherOrNotEarlierOnesAreOver() {
        var all = new CountDownLatch(50); // answers nobody before the last has begun
        var load = new OpenLoop(
                (_, _, _) -> {
                    all.countDown();
                    all.await();
                    return ServiceResponse.ok(Map.of());
                },
                1_000,
                "test");

        load.run(Duration.ofMillis(50));

        CallTotals.Summary total = load.total();
        assertThat(total.calls()).isEqualTo(50);
        assertThat(total.failed()).isZero();
        assertThat(total.max()).isGreaterThan(Duration.ofMillis(45).toNanos()); // the first waited for the last
    }

    @Test
    void checkoutsAndPagesTakeTurnsAndEveryOrderHasItsOwnId() {
        Queue<String> operations = new ConcurrentLinkedQueue<>();
        Set<Object> ids = ConcurrentHashMap.newKeySet();
        var load = new OpenLoop(
                (operation, request, deadline) -> {
                    operations.add(operation);
                    if (operation.equals("checkout")) {
                        ids.add(request.get("id"));
                    }
                    assertThat(deadline).isPositive().isLessThanOrEqualTo(OpenLoop.DEADLINE);
                    return ServiceResponse.ok(Map.of());
                },
                1_000,
                "test");

        load.run(Duration.ofMillis(20));

        assertThat(load.total().failed()).isZero(); // an assertion above that fails is a failed call
        assertThat(operations).containsOnly("checkout", "browse").hasSize(20);
        assertThat(ids).hasSize(10).contains("test-0", "test-2");
    }

    @Test
    void whatFailsIsCountedAndKept() {
        var load = new OpenLoop(
                (operation, _, _) -> operation.equals("browse")
                        ? ServiceResponse.failed(Code.UNAVAILABLE, "nobody is there")
                        : ServiceResponse.ok(Map.of()),
                1_000,
                "test");

        load.run(Duration.ofMillis(10));

        assertThat(load.total().failed()).isEqualTo(5);
        assertThat(load.failures())
                .hasSize(5)
                .allSatisfy(f -> assertThat(f.fault().code()).isEqualTo(Code.UNAVAILABLE));
        assertThat(load.calm().summary().failed()).isEqualTo(5);
    }

    @Test
    void whatBeganAfterTheLastCallIsNotAmongTheFaults() {
        var load = new OpenLoop((_, _, _) -> ServiceResponse.ok(Map.of()), 1_000, "test");
        var before = new InjectedFault("kill", "one", "kills one", 10);
        load.count(before);
        load.count(new InjectedFault("deploy", "two", "replaces two", 20));
        assertThat(load.faultsBefore(20)).containsExactly(before);
    }

    @Test
    void aFaultCountsTheCallsThatBeganWhileItLasted() {
        var fault = new InjectedFault("kill", "x-1", "kills x-1", 100);
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
