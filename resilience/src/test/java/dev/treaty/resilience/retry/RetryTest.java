package dev.treaty.resilience.retry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Fixtures;
import dev.treaty.resilience.Fixtures.SkippingTime;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.Jitter;
import dev.treaty.resilience.Policies;
import dev.treaty.resilience.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryTest {
    private static final Fault DOWN = Fault.unreached(Code.UNAVAILABLE, "down");
    private static final Fault BROKE = Fault.of(Code.UNAVAILABLE, "broke");

    private final SkippingTime time = new SkippingTime();
    private final List<Event> events = new ArrayList<>();
    private final List<Call> attempts = new ArrayList<>();

    /** Returns these faults, one per attempt, and then a value. */
    private Handler failing(Fault... faults) {
        return call -> {
            attempts.add(call);
            return attempts.size() <= faults.length
                    ? ServiceResponse.failed(faults[attempts.size() - 1])
                    : ServiceResponse.ok("answer");
        };
    }

    private ServiceResponse<?> run(Operation operation, FaultTolerance tolerance, Handler next)
            throws InterruptedException {
        Guard guard = guard(tolerance);
        time.advance(Duration.ofSeconds(10)); // earns the retries of ten seconds
        return handle(guard, Fixtures.call(operation, time), next);
    }

    private Guard guard(FaultTolerance tolerance) {
        return Guard.named("test")
                .tolerance(tolerance)
                .runtime(new RuntimeDependencies(time, new Random(3), events::add))
                .withoutBreaker()
                .build();
    }

    private static ServiceResponse<?> handle(Guard guard, Call call, Handler next) throws InterruptedException {
        return guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER))
                .handle(call, next);
    }

    @Test
    void a_fault_that_is_not_retryable_is_not_retried_whatever_its_code_W4() throws Exception {
        for (Code code : Code.values()) {
            attempts.clear();
            Fault never = Fault.unreached(code, "again").notRetryable();
            assertThat(run(Fixtures.READ, FaultTolerance.DEFAULT, failing(never)))
                    .isEqualTo(ServiceResponse.failed(never));
            assertThat(attempts).hasSize(1);
        }
        assertThat(events).isEmpty();
    }

    @Test
    void retries_calls_that_reached_no_server() throws InterruptedException {
        assertThat(run(Fixtures.WRITE, FaultTolerance.DEFAULT, failing(DOWN, DOWN))
                        .succeeded())
                .isTrue();
        assertThat(attempts).extracting(c -> c.context().attempt()).containsExactly(1, 2, 3);
        assertThat(events).hasSize(2).allMatch(e -> e instanceof Event.RetryScheduled);
    }

    @Test
    void retries_calls_that_may_have_run_only_if_they_are_idempotent() throws InterruptedException {
        assertThat(run(Fixtures.WRITE, FaultTolerance.DEFAULT, failing(BROKE)).succeeded())
                .isFalse();
        assertThat(attempts).hasSize(1);
        attempts.clear();
        assertThat(run(Fixtures.READ, FaultTolerance.DEFAULT, failing(BROKE)).succeeded())
                .isTrue();
        assertThat(attempts).hasSize(2);
    }

    @Test
    void never_retries_codes_that_are_not_retryable() throws InterruptedException {
        for (Code code : new Code[] {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.INTERNAL, Code.UNAUTHENTICATED}) {
            attempts.clear();
            run(Fixtures.READ, FaultTolerance.DEFAULT, failing(Fault.of(code, "no")));
            assertThat(attempts).as(code.wire()).hasSize(1);
        }
    }

    @Test
    void stops_at_the_number_of_attempts() throws InterruptedException {
        var response = run(Fixtures.READ, FaultTolerance.DEFAULT, failing(BROKE, BROKE, BROKE, BROKE));
        assertThat(response.succeeded()).isFalse();
        assertThat(attempts).hasSize(3);
        assertThat(events.getLast())
                .isInstanceOfSatisfying(
                        Event.RetryRefused.class, e -> assertThat(e.reason()).isEqualTo("attempt 3 of 3 failed"));
    }

    @Test
    void a_call_made_by_a_retry_has_fewer_attempts() throws InterruptedException {
        Call inner = Fixtures.call(Fixtures.READ, time);
        handle(guard(FaultTolerance.DEFAULT), inner.with(inner.context().attempt(3)), failing(BROKE, BROKE));
        assertThat(attempts).extracting(c -> c.context().attempt()).containsExactly(3);
    }

    @Test
    void stops_when_the_budget_is_used_up_and_says_so_G16() throws InterruptedException {
        Guard guard = guard(FaultTolerance.DEFAULT);
        handle(guard, Fixtures.call(Fixtures.READ, time), failing(BROKE, BROKE, BROKE));
        assertThat(attempts).as("a budget starts with the retries of one call").hasSize(3);
        attempts.clear();
        var response = handle(guard, Fixtures.call(Fixtures.READ, time), failing(BROKE, BROKE));
        assertThat(attempts).hasSize(1);
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().message())
                                .endsWith("not retried, because the retry budget is used up"));
        assertThat(events.getLast())
                .isInstanceOfSatisfying(
                        Event.RetryRefused.class, e -> assertThat(e.reason()).isEqualTo("the retry budget is used up"));
    }

    @Test
    void waits_as_long_as_the_service_asks_but_not_beyond_the_deadline() throws InterruptedException {
        long start = time.nanoTime() + Duration.ofSeconds(10).toNanos();
        run(Fixtures.READ, FaultTolerance.DEFAULT, failing(BROKE.retryAfter(Duration.ofSeconds(2))));
        assertThat(time.nanoTime() - start).isEqualTo(Duration.ofSeconds(2).toNanos());
        for (long tooLong : new long[] {20, Long.MAX_VALUE}) {
            attempts.clear();
            run(Fixtures.READ, FaultTolerance.DEFAULT, failing(BROKE.retryAfter(Duration.ofSeconds(tooLong))));
            assertThat(attempts).hasSize(1);
        }
    }

    @Test
    void an_attempt_that_a_retry_may_follow_has_the_attempt_timeout() throws InterruptedException {
        var left = new ArrayList<Duration>();
        Handler failing = failing(BROKE, BROKE);
        run(Fixtures.READ, FaultTolerance.DEFAULT, call -> {
            left.add(Duration.ofNanos(call.context().deadline().remainingNanos(time)));
            return failing.handle(call);
        });
        Duration attempt = FaultTolerance.DEFAULT.attemptTimeout();
        assertThat(left.subList(0, 2)).containsExactly(attempt, attempt);
        assertThat(left.getLast()).as("the last attempt has all remaining time").isGreaterThan(attempt);
    }

    @Test
    void an_attempt_that_timed_out_before_it_reached_a_server_is_retried() throws InterruptedException {
        var late = Fault.unreached(Code.DEADLINE_EXCEEDED, "no connection in time");
        assertThat(run(Fixtures.READ, FaultTolerance.DEFAULT, failing(late)).succeeded())
                .isTrue();
        assertThat(attempts).hasSize(2);
    }

    @Test
    void without_retries_of_timeouts_an_attempt_has_the_whole_deadline() throws InterruptedException {
        var unavailable = new RetryPolicy(
                3,
                Duration.ofMillis(20),
                Duration.ofSeconds(1),
                2,
                Jitter.FULL,
                List.of(Code.UNAVAILABLE),
                RetryPolicy.DEFAULT.budget(),
                RetryPolicy.DEFAULT.budgetPerSecond());
        var left = new ArrayList<Duration>();
        Handler failing = failing(BROKE);
        var response = run(
                Fixtures.READ, FaultTolerance.DEFAULT.with(unavailable).withDeadline(Duration.ofSeconds(3)), call -> {
                    left.add(Duration.ofNanos(call.context().deadline().remainingNanos(time)));
                    return failing.handle(call);
                });
        assertThat(response.succeeded()).isTrue();
        assertThat(left.getFirst()).isEqualTo(Duration.ofSeconds(3));
        assertThat(left.getLast()).isGreaterThan(FaultTolerance.DEFAULT.attemptTimeout());
    }

    @Test
    void level_none_makes_one_attempt() throws InterruptedException {
        run(Fixtures.READ, FaultTolerance.of(IsolationLevel.NONE), failing(BROKE));
        assertThat(attempts).hasSize(1);
        assertThat(events).isEmpty();
    }

    @Test
    void an_operation_may_have_its_own_policies() throws InterruptedException {
        var policies = new Policies(FaultTolerance.DEFAULT, Map.of("read", FaultTolerance.of(IsolationLevel.NONE)));
        assertThat(policies.of(Fixtures.READ).level()).isEqualTo(IsolationLevel.NONE);
        assertThat(policies.of(Fixtures.WRITE).level()).isEqualTo(IsolationLevel.FULL);
    }
}
