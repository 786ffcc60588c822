package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Changes of policies while calls run. */
class GuardChangeTest {
    private final Guard guard = Guard.named("test").idempotent().build();

    private void trip() {
        for (int i = 0; i < 5; i++) {
            var _ = catchThrowable(() -> guard.call(() -> {
                throw new IOException("broken");
            }));
        }
        assertThat(guard.breaker().orElseThrow().state()).isEqualTo(CircuitBreaker.State.OPEN);
    }

    @Test
    void a_policy_that_stays_the_same_keeps_its_state() {
        var hour = Duration.ofHours(1);
        var policies = FaultTolerance.DEFAULT
                .with(RetryPolicy.NONE)
                .with(CircuitBreakerPolicy.DEFAULT.withOpen(hour, hour)); // so that it does not close during the test
        guard.apply(policies);
        trip();
        CircuitBreaker breaker = guard.breaker().orElseThrow();
        guard.apply(policies.withDeadline(Duration.ofSeconds(9)));
        assertThat(guard.breaker()).containsSame(breaker);
        guard.apply(guard.tolerance().with(CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(7)));
        assertThat(guard.breaker().orElseThrow().state())
                .as("another policy has a new breaker")
                .isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void a_raised_level_is_in_force_for_the_next_call() {
        guard.level(IsolationLevel.BASIC);
        assertThat(guard.breaker()).isEmpty();
        guard.level(IsolationLevel.ENHANCED);
        assertThat(guard.breaker()).isPresent();
        assertThat(guard.tolerance().level()).isEqualTo(IsolationLevel.ENHANCED);
    }

    @Test
    void a_changed_concurrency_limit_counts_running_calls() {
        guard.apply(FaultTolerance.DEFAULT.with(ConcurrencyPolicy.fixed(2)));
        guard.call(() -> {
            guard.apply(FaultTolerance.DEFAULT.with(ConcurrencyPolicy.fixed(1)));
            assertThat(catchThrowable(() -> guard.call(() -> "second"))).isNotNull();
            return "first";
        });
        assertThat(guard.call(() -> "third")).isEqualTo("third");
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
    }

    @Test
    void operations_share_the_runtimes_of_equal_policies_with_their_service() throws InterruptedException {
        var slow = FaultTolerance.DEFAULT.withDeadline(Duration.ofSeconds(30));
        var own = FaultTolerance.DEFAULT.with(ConcurrencyPolicy.fixed(1));
        guard.apply(new Policies(FaultTolerance.DEFAULT, Map.of("read", slow, "write", own)));
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        var inFlight = new ArrayList<Integer>();
        for (var operation : List.of(Fixtures.READ, Fixtures.WRITE)) {
            filter.handle(Fixtures.call(operation, Time.system()), _ -> {
                inFlight.add(guard.concurrency().orElseThrow().inFlight());
                return ServiceResponse.ok("answer");
            });
        }
        assertThat(inFlight)
                .as("read is counted by the limit of the service, write by its own")
                .containsExactly(1, 0);
        assertThat(guard.statistics().calls()).as("operations included").isEqualTo(2);
        guard.level(IsolationLevel.NONE);
        assertThat(guard.policies().operations().values()).allMatch(t -> t.level() == IsolationLevel.NONE);
    }

    private static FaultTolerance budget(double perCall) {
        return FaultTolerance.DEFAULT.with(new RetryPolicy(
                3, Duration.ofMillis(20), Duration.ofSeconds(1), 2, Jitter.FULL, RetryPolicy.DEFAULT.on(), perCall, 0));
    }

    /** Returns the number of attempts of a call that always fails. */
    private int attempts(Operation operation) throws InterruptedException {
        var attempts = new AtomicInteger();
        guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER))
                .handle(Fixtures.call(operation, Time.system()), _ -> {
                    attempts.incrementAndGet();
                    return ServiceResponse.failed(Code.ABORTED, "broken");
                });
        return attempts.get();
    }

    private void callsOfTheService(int number) {
        for (int i = 0; i < number; i++) {
            guard.call(() -> "answer");
        }
    }

    @Test
    void a_budget_of_one_operation_is_earned_by_its_own_calls() throws InterruptedException {
        guard.apply(new Policies(budget(0.5), Map.of("read", budget(0.125))));
        callsOfTheService(100);
        assertThat(attempts(Fixtures.READ))
                .as("a budget starts with two retries")
                .isEqualTo(3);
        for (int i = 1; i <= 16; i++) {
            assertThat(attempts(Fixtures.READ)).as("one retry for eight calls").isEqualTo(i % 8 == 0 ? 2 : 1);
        }
        assertThat(guard.retryBudget().orElseThrow()).isGreaterThan(50);
    }

    @Test
    void an_operation_that_stops_sharing_a_budget_starts_with_its_own() throws InterruptedException {
        var own = Map.of("read", budget(0.125).withDeadline(Duration.ofSeconds(30)));
        guard.apply(new Policies(budget(0.125), own));
        callsOfTheService(20);
        assertThat(attempts(Fixtures.READ))
                .as("all calls together have earned three retries")
                .isEqualTo(3);
        guard.apply(new Policies(budget(0.5), own));
        callsOfTheService(100);
        assertThat(attempts(Fixtures.READ))
                .as("a budget starts with two retries")
                .isEqualTo(3);
        assertThat(attempts(Fixtures.READ))
                .as("and has earned less than one since")
                .isEqualTo(1);
    }

    @Test
    void an_operation_keeps_its_concurrency_limit_if_its_service_changes() throws InterruptedException {
        var two = FaultTolerance.DEFAULT.with(ConcurrencyPolicy.fixed(2));
        guard.apply(new Policies(two, Map.of("read", two.withDeadline(Duration.ofSeconds(30)))));
        guard.apply(new Policies(
                two.with(ConcurrencyPolicy.fixed(1)), guard.policies().operations()));
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        var read = Fixtures.call(Fixtures.READ, Time.system());
        var ofService = new AtomicInteger();
        ServiceResponse<?> answer = filter.handle(
                read,
                _ -> filter.handle(read, _ -> {
                    ofService.set(guard.concurrency().orElseThrow().inFlight());
                    return ServiceResponse.ok("two at a time");
                }));
        assertThat(answer.orThrow()).isEqualTo("two at a time");
        assertThat(ofService).hasValue(0);
    }

    @Test
    void calls_of_an_operation_stay_counted_when_it_loses_its_own_policies() throws InterruptedException {
        var own = Map.of("read", FaultTolerance.DEFAULT.withDeadline(Duration.ofSeconds(30)));
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        var read = Fixtures.call(Fixtures.READ, Time.system());
        for (Map<String, FaultTolerance> operations : List.of(own, Map.<String, FaultTolerance>of(), own)) {
            guard.apply(new Policies(FaultTolerance.DEFAULT, operations));
            filter.handle(read, _ -> ServiceResponse.ok("answer"));
        }
        assertThat(guard.statistics().calls()).isEqualTo(3);
        guard.apply(new Policies(FaultTolerance.DEFAULT, Map.of()));
        assertThat(guard.statistics().calls()).isEqualTo(3);
        guard.reset();
        assertThat(guard.statistics().calls()).isZero();
    }

    @Test
    void changes_lose_no_call_and_no_permit() throws InterruptedException {
        var stop = new AtomicBoolean();
        var wrong = new AtomicInteger();
        var threads = new ArrayList<Thread>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 20_000 && !stop.get(); i++) {
                    try {
                        if (!guard.call(() -> "answer").equals("answer")) {
                            wrong.incrementAndGet();
                        }
                    } catch (RuntimeException e) {
                        wrong.incrementAndGet();
                    }
                }
            }));
        }
        var levels = IsolationLevel.values();
        for (int i = 0; i < 200; i++) {
            guard.apply(FaultTolerance.of(levels[i % levels.length])
                    .with(ConcurrencyPolicy.fixed(100 + i % 7))
                    .withDeadline(Duration.ofSeconds(5 + i % 3)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).hasValue(0);
        guard.level(IsolationLevel.FULL);
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
        assertThat(guard.statistics().calls()).isEqualTo(80_000);
    }
}
