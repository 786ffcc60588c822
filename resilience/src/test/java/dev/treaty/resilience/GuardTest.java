package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GuardTest {
    private final SkippingTime time = new SkippingTime();
    private final List<Event> events = new ArrayList<>();
    private final AtomicInteger runs = new AtomicInteger();

    private Guard guard(FaultTolerance tolerance) {
        return builder(tolerance).build();
    }

    private Guard.Builder builder(FaultTolerance tolerance) {
        return Guard.named("test")
                .tolerance(tolerance)
                .runtime(new RuntimeDependencies(time, new Random(7), events::add));
    }

    private static FaultTolerance full() {
        return FaultTolerance.DEFAULT;
    }

    /** Fails a number of times, and then succeeds. */
    private ScopedValue.CallableOp<String, IOException> failing(int times, IOException failure) {
        return () -> {
            if (runs.incrementAndGet() <= times) {
                throw failure;
            }
            return "answer";
        };
    }

    @Test
    void returns_the_result_of_the_body_even_null() throws Exception {
        Callable<String> callable = () -> "answer";
        assertThat(guard(full()).call(callable::call)).isEqualTo("answer");
        assertThat(guard(full()).<Object, RuntimeException>call(() -> null)).isNull();
    }

    @Test
    void throws_the_exception_of_the_body_unchanged() {
        var failure = new IOException("broken");
        assertThatThrownBy(() -> guard(full()).call(failing(9, failure))).isSameAs(failure);
        assertThat(runs).as("not known to be idempotent, so not retried").hasValue(1);
        var error = new IllegalStateException("error");
        assertThatThrownBy(() -> guard(full()).call(() -> {
                    throw error;
                }))
                .isSameAs(error);
    }

    @Test
    void retries_idempotent_work_and_work_that_did_not_run() throws Exception {
        Guard idempotent = builder(full()).idempotent().build();
        time.advance(Duration.ofSeconds(10)); // earns retries
        assertThat(idempotent.call(failing(2, new IOException("broken")))).isEqualTo("answer");
        assertThat(runs).hasValue(3);
        runs.set(0);
        Guard other = guard(full());
        time.advance(Duration.ofSeconds(10));
        assertThat(other.call(failing(2, new ConnectException("refused")))).isEqualTo("answer");
        assertThat(runs).hasValue(3);
        assertThat(other.statistics().retries()).isEqualTo(2);
        assertThat(other.statistics().retriedCalls()).isEqualTo(1);
        assertThat(other.statistics().averageAttempts()).isEqualTo(3);
    }

    @Test
    void exceptions_are_mapped_by_the_given_function() {
        Guard guard = builder(full())
                .idempotent()
                .faults(e -> Fault.of(Code.INVALID_ARGUMENT, "the caller's own"))
                .build();
        time.advance(Duration.ofSeconds(10));
        assertThatThrownBy(() -> guard.call(failing(9, new IOException("broken"))))
                .isInstanceOf(IOException.class);
        assertThat(runs).hasValue(1);
        assertThat(guard.breaker().orElseThrow().snapshot().failures()).isZero();
    }

    @Test
    void an_open_breaker_refuses_without_running_the_body_and_without_a_stack_trace() {
        Guard guard = builder(full().with(RetryPolicy.NONE)).idempotent().build();
        for (int i = 0; i < CircuitBreakerPolicy.DEFAULT.consecutiveFailures(); i++) {
            assertThatThrownBy(() -> guard.call(failing(99, new IOException("broken"))));
        }
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        Event.BreakerChanged.class, e -> assertThat(e.after()).isEqualTo("OPEN"));
        int before = runs.get();
        Throwable refusal = catchThrowable(() -> guard.call(failing(0, new IOException("never"))));
        assertThat(refusal)
                .isInstanceOfSatisfying(ServiceException.class, e -> {
                    assertThat(e.code()).isEqualTo(Code.UNAVAILABLE);
                    assertThat(e.fault().reached()).isFalse();
                })
                .hasMessage("unavailable: the circuit breaker of test is open");
        assertThat(refusal.getStackTrace()).isEmpty();
        assertThat(runs).hasValue(before);
        assertThat(guard.statistics().breakerOpen()).isEqualTo(1);
    }

    @Test
    void a_fallback_answers_a_rate_limited_call() {
        var tolerance = full().with(new RateLimitPolicy(1, Duration.ofSeconds(1), 1, Duration.ZERO, Duration.ZERO));
        Guard guard = guard(tolerance);
        assertThat(guard.call(() -> "first", Fallback.value("instead"))).isEqualTo("first");
        assertThat(guard.call(() -> "second", Fallback.value("instead"))).isEqualTo("instead");
        assertThat(guard.statistics().rateLimited()).isEqualTo(1);
        assertThat(guard.statistics().fallbacksServed()).isEqualTo(1);
        ServiceException refusal = (ServiceException) catchThrowable(() -> guard.call(() -> "third"));
        assertThat(refusal.fault().retryAfter()).contains(Duration.ofSeconds(1));
    }

    @Test
    void a_rate_limit_delays_calls_but_not_beyond_their_deadline() {
        var rate = new RateLimitPolicy(1, Duration.ofSeconds(1), 1, Duration.ofSeconds(3), Duration.ZERO);
        Guard guard = guard(full().with(rate));
        long start = time.nanoTime();
        guard.call(() -> "first");
        guard.call(() -> "second");
        assertThat(time.nanoTime() - start).isEqualTo(1_000_000_000);
        guard.apply(guard.tolerance().withDeadline(Duration.ofMillis(500)));
        assertThatThrownBy(() -> guard.call(() -> "third")).hasMessageContaining("rate limit of test");
    }

    @Test
    void a_call_has_one_permit_for_all_its_attempts() throws Exception {
        Guard guard =
                builder(full().with(ConcurrencyPolicy.fixed(1))).idempotent().build();
        time.advance(Duration.ofSeconds(10));
        guard.call(() -> {
            assertThat(guard.concurrency().orElseThrow().inFlight()).isEqualTo(1);
            return failing(1, new IOException("broken")).call();
        });
        assertThat(runs).hasValue(2);
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
        guard.call(() -> {
            assertThatThrownBy(() -> guard.call(() -> "another"))
                    .hasMessage("resource_exhausted: the concurrency limit of test is reached");
            return "one";
        });
        assertThat(guard.statistics().concurrencyLimited()).isEqualTo(1);
    }

    @Test
    void an_error_passes_and_releases_its_permit() {
        Guard guard = guard(full().with(ConcurrencyPolicy.fixed(1)));
        assertThatThrownBy(() -> guard.call(() -> {
                    throw new AssertionError("broken");
                }))
                .isInstanceOf(AssertionError.class);
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
        assertThat(guard.breaker().orElseThrow().snapshot().failures()).isZero();
    }

    @Test
    void throttles_calls_that_the_service_rejects() {
        var tolerance = full().with(RetryPolicy.NONE).with(new ThrottlePolicy(2, Duration.ofSeconds(10), 10));
        Guard guard = guard(tolerance.with(
                CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(10_000).withFailureRate(1, 10_000)));
        for (int i = 0; i < 1_000; i++) {
            var _ = catchThrowable(() -> guard.call(() -> {
                runs.incrementAndGet();
                throw new ServiceException(Code.RESOURCE_EXHAUSTED, "go away");
            }));
        }
        assertThat(guard.statistics().throttled()).isGreaterThan(900);
        assertThat(runs.get() + guard.statistics().throttled()).isEqualTo(1_000);
    }

    @Test
    void the_deadline_includes_attempts_and_pauses() {
        var retry = new RetryPolicy(
                10, Duration.ofSeconds(1), Duration.ofSeconds(1), 1, Jitter.EQUAL, RetryPolicy.DEFAULT.on(), 1, 1_000);
        Guard guard = builder(full().with(retry).withDeadline(Duration.ofSeconds(3)))
                .idempotent()
                .build();
        time.advance(Duration.ofSeconds(10));
        long start = time.nanoTime();
        assertThatThrownBy(() -> guard.call(failing(99, new IOException("broken"))))
                .isInstanceOf(IOException.class);
        assertThat(time.nanoTime() - start).isLessThanOrEqualTo(3_000_000_000L);
        assertThat(runs).hasValueBetween(3, 6);
    }

    @Test
    void each_level_enforces_its_policies() {
        var rate = new RateLimitPolicy(1, Duration.ofDays(1), 1, Duration.ZERO, Duration.ZERO);
        var tolerance = full().with(rate).with(CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(1));
        for (IsolationLevel level : IsolationLevel.values()) {
            Guard guard = builder(tolerance.with(level)).idempotent().build();
            time.advance(Duration.ofSeconds(10));
            runs.set(0);
            boolean answered = guard.respond(failing(1, new IOException("broken")), Fallback.value("instead"))
                    .succeeded();
            assertThat(runs).as("attempts at " + level).hasValue(level == IsolationLevel.BASIC ? 2 : 1);
            assertThat(answered).as("answered at " + level).isEqualTo(level != IsolationLevel.NONE);
            assertThat(guard.breaker().isPresent())
                    .as("breaker at " + level)
                    .isEqualTo(level.includes(IsolationLevel.ENHANCED));
            assertThat(guard.concurrency().isPresent()).as("limit at " + level).isEqualTo(level == IsolationLevel.FULL);
            guard.call(() -> "again", Fallback.value("instead"));
            assertThat(guard.statistics().rateLimited())
                    .as("rate limit at " + level)
                    .isEqualTo(level == IsolationLevel.FULL ? 1 : 0);
        }
    }

    @Test
    void a_response_contains_its_origin() {
        Guard guard = guard(full().with(RetryPolicy.NONE));
        ScopedValue.CallableOp<String, RuntimeException> down = () -> {
            throw new ServiceException(Code.UNAVAILABLE, "down");
        };
        assertThat(guard.respond(() -> "own", Fallback.value("instead")))
                .isInstanceOfSatisfying(
                        ServiceResponse.Ok.class, ok -> assertThat(ok.origin()).isEqualTo(Origin.SERVICE));
        assertThat(origin(guard.respond(down, Fallback.value("instead")))).isEqualTo(Origin.STATIC);
        assertThat(origin(guard.respond(down, Fallback.alternative(() -> "other"))))
                .isEqualTo(Origin.ALTERNATIVE);
        assertThat(origin(guard.respond(
                        down, Fallback.degraded(fault -> fault.code().wire()))))
                .isEqualTo(Origin.DEGRADED);
        var cache = new LastAnswer();
        assertThat(guard.respond(down, Fallback.cached(cache, "key")).succeeded())
                .isFalse();
        guard.call(() -> "good", Fallback.cached(cache, "key"));
        assertThat(guard.respond(down, Fallback.cached(cache, "key")))
                .isEqualTo(ServiceResponse.ok("good", Origin.CACHED));
        Fallback<String> chain =
                Fallback.<String, String>cached(new LastAnswer(), "none").or(Fallback.value("last"));
        assertThat(origin(guard.respond(down, chain))).isEqualTo(Origin.STATIC);
    }

    private static Origin origin(ServiceResponse<?> response) {
        return ((ServiceResponse.Ok<?>) response).origin();
    }

    /** A cache of one answer. */
    private static final class LastAnswer implements FallbackCache<String, String> {
        private Optional<String> last = Optional.empty();

        @Override
        public Optional<String> get(String key) {
            return last;
        }

        @Override
        public void put(String key, String answer) {
            last = Optional.of(answer);
        }
    }

    @Test
    void a_failed_fallback_keeps_the_first_fault_and_adds_its_own() {
        Guard guard = guard(full().with(RetryPolicy.NONE));
        var response = guard.respond(
                () -> {
                    throw new ServiceException(Code.UNAVAILABLE, "down");
                },
                Fallback.<String>degraded(_ -> {
                    throw new IllegalStateException("broken too");
                }));
        assertThat(response).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
            assertThat(failed.fault().code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(failed.fault().message())
                    .isEqualTo("down; the fallback failed too: IllegalStateException: broken too");
        });
        assertThat(guard.statistics().fallbacksFailed()).isEqualTo(1);
        assertThat(guard.statistics().fallbacksServed()).isZero();
    }

    @Test
    void code_in_a_handler_inherits_deadline_and_attempt() {
        var context = CallContext.next(Principal.ANONYMOUS, time, new Random(1))
                .attempt(2)
                .within(Deadline.after(Duration.ofSeconds(1), time));
        Guard guard = builder(full()).idempotent().build();
        time.advance(Duration.ofMillis(10));
        var seen = new ArrayList<CallContext>();
        assertThatThrownBy(() -> context.run(() -> guard.call(() -> {
                    seen.add(CallContext.current().orElseThrow());
                    throw new IOException("broken");
                })))
                .isInstanceOf(IOException.class);
        assertThat(seen)
                .as("three attempts along the chain, one of which was made before")
                .hasSize(2);
        assertThat(seen).extracting(CallContext::attempt).containsExactly(2, 3);
        assertThat(seen)
                .allMatch(c -> c.deadline().atNanos() <= context.deadline().atNanos());
    }

    @Test
    void an_asynchronous_call_runs_in_the_context_of_its_caller() {
        var context = CallContext.next(Principal.claimed("caller"), Time.system(), new Random(1));
        Guard guard = Guard.of("test", full());
        var caller = context.run(() -> guard.callAsync(
                        () -> CallContext.current().orElseThrow().caller()))
                .join();
        assertThat(caller.name()).isEqualTo("caller");
        assertThatThrownBy(() -> guard.callAsync(() -> {
                            throw new IOException("broken");
                        })
                        .join())
                .isInstanceOf(CompletionException.class)
                .hasRootCauseInstanceOf(IOException.class);
    }

    @Test
    void cancelling_an_asynchronous_call_interrupts_the_body() throws InterruptedException {
        Guard guard = Guard.of("test", full());
        var started = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        var future = guard.callAsync(() -> {
            started.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
            return "never";
        });
        started.await();
        future.cancel(true);
        interrupted.await();
        assertThat(future).isCancelled();
    }

    @Test
    void an_interrupted_call_is_canceled_and_the_interrupt_flag_is_set_again() {
        Guard guard = guard(full());
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> guard.call(() -> {
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                    return "never";
                }))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.CANCELED));
        assertThat(Thread.interrupted()).isTrue();
        ServiceResponse<String> response = guard.respond(
                () -> {
                    throw new InterruptedException();
                },
                Fallback.value("instead"));
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().code()).isEqualTo(Code.CANCELED));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(guard.breaker().orElseThrow().snapshot().failures()).isZero();
    }

    @Test
    void a_fallback_that_throws_on_a_good_answer_does_not_affect_it() throws InterruptedException {
        var heard = new ArrayList<>();
        Fallback<Object> full = note(_ -> {
            throw new IllegalStateException("the cache is full");
        });
        Fallback<Object> fallback = full.or(note(heard::add));
        for (IsolationLevel level : IsolationLevel.values()) {
            Guard guard = guard(full().with(level));
            assertThat(guard.<Object, RuntimeException>call(() -> "called", fallback))
                    .isEqualTo("called");
            assertThat(guard.<Object>respond(() -> "asked", fallback).orThrow()).isEqualTo("asked");
            ServiceResponse<?> handled = guard.filter((_, _) -> fallback)
                    .handle(Fixtures.call(Fixtures.WRITE, time), _ -> ServiceResponse.ok("handled"));
            assertThat(handled.orThrow()).isEqualTo("handled");
            assertThat(heard).as("level %s", level).containsExactly("called", "asked", "handled");
            heard.clear();
        }
    }

    /** A fallback without answers that passes on every good answer that it receives. */
    private static Fallback<Object> note(Consumer<Object> listener) {
        return new Fallback<>() {
            @Override
            public ServiceResponse<Object> answer(Fault fault) {
                return ServiceResponse.failed(NO_ANSWER);
            }

            @Override
            public void succeeded(Object answer) {
                listener.accept(answer);
            }
        };
    }

    @Test
    void a_fallback_receives_every_good_answer_and_no_other() throws InterruptedException {
        var heard = new ArrayList<>();
        Fallback<Object> fallback = note(heard::add);
        Guard guard = guard(full());
        guard.<Object, RuntimeException>call(() -> "called", fallback);
        guard.<Object>respond(() -> "asked", fallback);
        Filter filter = guard.filter((_, _) -> fallback);
        filter.handle(Fixtures.call(Fixtures.WRITE, time), _ -> ServiceResponse.ok("handled"));
        filter.handle(
                Fixtures.call(Fixtures.WRITE, time), _ -> ServiceResponse.failed(Code.NOT_FOUND, "there is none"));
        assertThat(heard).containsExactly("called", "asked", "handled");
    }

    @Test
    void a_call_has_the_deadline_of_its_operation_or_an_earlier_inherited_one() throws InterruptedException {
        Guard guard = guard(full());
        FaultTolerance once = full().with(RetryPolicy.NONE);
        guard.apply(new Policies(
                once.withDeadline(Duration.ofSeconds(3)), Map.of("write", once.withDeadline(Duration.ofSeconds(1)))));
        var left = new ArrayList<Duration>();
        Handler looks = call -> {
            left.add(Duration.ofNanos(call.context().deadline().remainingNanos(time)));
            return ServiceResponse.ok("answer");
        };
        Filter filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        filter.handle(Fixtures.call(Fixtures.READ, time), looks);
        filter.handle(Fixtures.call(Fixtures.WRITE, time), looks);
        guard.apply(once.withDeadline(Duration.ofSeconds(9)));
        filter.handle(Fixtures.call(Fixtures.READ, time), looks);
        assertThat(left)
                .as("calls start with a deadline of five seconds")
                .containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(1), Duration.ofSeconds(5));
        assertThat(guard.policies().of(Fixtures.WRITE).deadline()).isEqualTo(Duration.ofSeconds(1));
        assertThat(guard.policies().of(Fixtures.READ)).isEqualTo(guard.tolerance());
    }

    @Test
    void listeners_are_notified_after_each_change_of_policies() {
        Guard guard = guard(full());
        var levels = new ArrayList<IsolationLevel>();
        guard.whenApplied(() -> levels.add(guard.tolerance().level()));
        guard.whenApplied(() -> levels.add(guard.tolerance().level()));
        guard.level(IsolationLevel.BASIC);
        guard.apply(full());
        assertThat(levels)
                .containsExactly(IsolationLevel.BASIC, IsolationLevel.BASIC, IsolationLevel.FULL, IsolationLevel.FULL);
    }

    @Test
    void reports_the_retry_budget_and_the_warnings() {
        Guard guard = guard(full());
        double atFirst = guard.retryBudget().orElseThrow();
        time.advance(Duration.ofSeconds(5));
        assertThat(guard.retryBudget().orElseThrow()).isGreaterThan(atFirst);
        assertThat(guard.warnings()).singleElement().asString().contains("not declared idempotent");
        assertThat(builder(full()).idempotent().build().warnings()).isEmpty();
        assertThat(builder(full()).withoutBreaker().build().warnings())
                .as("a call states whether it is idempotent")
                .isEmpty();
        guard.level(IsolationLevel.NONE);
        assertThat(guard.retryBudget()).isEmpty();
    }

    @Test
    void a_call_interrupted_while_it_waits_does_not_run_the_body() {
        var onceInTenSeconds = new RateLimitPolicy(1, Duration.ofSeconds(10), 1, Duration.ofSeconds(20), Duration.ZERO);
        Guard guard = Guard.of("test", full().with(onceInTenSeconds).withDeadline(Duration.ofSeconds(30)));
        guard.call(runs::incrementAndGet);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> guard.call(runs::incrementAndGet))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.CANCELED));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(runs).hasValue(1);
    }

    @Test
    void the_breaker_counts_faults_of_the_service_and_durations() {
        var slowFrom = Duration.ofMillis(100);
        Guard guard = builder(
                        full().with(RetryPolicy.NONE).with(CircuitBreakerPolicy.DEFAULT.withSlowRate(0.9, slowFrom)))
                .faults(e -> Fault.of(e instanceof IOException ? Code.UNAVAILABLE : Code.NOT_FOUND, "did not work"))
                .build();
        List<Exception> failures = List.of(new IOException("broken"), new IllegalStateException("there is none"));
        for (Duration took : List.of(Duration.ZERO, slowFrom)) {
            guard.call(() -> {
                time.advance(took);
                return "answer";
            });
            for (Exception failure : failures) {
                assertThat(catchThrowable(() -> guard.call(() -> {
                            time.advance(took);
                            throw failure;
                        })))
                        .isSameAs(failure);
            }
        }
        var counted = guard.breaker().orElseThrow().snapshot();
        assertThat(counted.successes()).isEqualTo(4);
        assertThat(counted.failures()).isEqualTo(2);
        assertThat(counted.slow()).isEqualTo(3);
    }

    @Test
    void reset_sets_the_counters_to_zero() {
        Guard guard = guard(full().with(CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(1)));
        var _ = catchThrowable(() -> guard.call(failing(1, new IOException("broken"))));
        assertThat(guard.statistics().failed()).isEqualTo(1);
        assertThat(guard.breaker().orElseThrow().state()).isEqualTo(CircuitBreaker.State.OPEN);
        guard.reset();
        assertThat(guard.statistics()).isEqualTo(GuardStatistics.of(new long[13]));
        assertThat(guard.breaker().orElseThrow().state()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void a_name_must_be_legal() {
        assertThatThrownBy(() -> Guard.of("", full())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Guard.of("two words", full())).hasMessageContaining("is not a service name");
    }

    @Test
    void the_description_lists_all_steps_with_every_parameter() {
        Guard guard = builder(full().with(new RateLimitPolicy(
                                100, Duration.ofSeconds(1), 100, Duration.ofMillis(50), Duration.ZERO))
                        .with(HedgePolicy.DEFAULT))
                .idempotent()
                .build();
        assertThat(guard.describe().lines()).containsExactly("""
            test: level full
              deadline     5s for a call with all its attempts
              fallback     none configured
              throttle     starts if the service accepts fewer than 1 in 2 calls, of at least 20 calls within 0.4s
              rate limit   100 per 1s, burst 100, wait up to 0.05s
              concurrency  200 calls at a time, queue of 50 for up to 0.1s
              retry        3 attempts, backoff from 0.02s to 1s, multiplier 2, full jitter, on unavailable, \
            deadline_exceeded, resource_exhausted, unknown, aborted; budget 0.2 per call and 10 per second
              hedge        a second attempt after the 0.95 quantile, at least 0.001s; for at most 0.05 of all calls
              breaker      opens after 5 failures in a row, or if 50 % of the calls within 10s failed or 100 % took \
            1m (at least 20 calls); open for 1s to 30s; half-open calls 1
              timeout      1.5s for an attempt that a retry may follow, cooperative\
            """.lines().toArray(String[]::new));
    }
}
