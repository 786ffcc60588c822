package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What calls that end by errors, interrupts and unusual exceptions leave behind: nothing. */
class GuardFaultsTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static final CircuitBreakerPolicy TOUCHY =
            CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(1).withOpen(HOUR, HOUR);

    private static FaultTolerance once() {
        return FaultTolerance.DEFAULT.with(RetryPolicy.NONE);
    }

    private static FaultTolerance detached() {
        return once().withTimeouts(HOUR.dividedBy(60), HOUR.dividedBy(60), TimeoutMode.DETACH);
    }

    private static String broken() throws IOException {
        throw new IOException("broken");
    }

    @Test
    void an_error_in_a_detached_body_reaches_the_caller_G5() {
        Guard guard = Guard.of("test", detached().with(ConcurrencyPolicy.fixed(1)));
        var error = new AssertionError("broken");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> guard.call(() -> {
                        throw error;
                    }))
                    .isSameAs(error);
        }
        assertThat(guard.statistics().calls()).isEqualTo(3);
        assertThat(guard.statistics().failed()).isEqualTo(3);
        assertThat(guard.statistics().detached()).isZero();
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
        assertThat(guard.call(() -> "answer")).isEqualTo("answer");
    }

    @Test
    void an_error_returns_the_trial_of_a_breaker_G5() {
        Guard guard = Guard.of("test", detached().with(TOUCHY.withOpen(Duration.ofNanos(1), HOUR)));
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> guard.call(() -> {
                    throw new AssertionError("broken");
                }))
                .isInstanceOf(AssertionError.class);
        assertThat(guard.call(() -> "answer")).as("the next trial").isEqualTo("answer");
    }

    @Test
    void every_call_is_counted_once_however_it_ends_G6() throws InterruptedException {
        Guard guard = Guard.named("test")
                .tolerance(once().with(ConcurrencyPolicy.fixed(1).withQueue(1)))
                .withoutBreaker()
                .build();
        for (int i = 0; i < 10; i++) {
            var _ = catchThrowable(() -> guard.call(() -> {
                throw new AssertionError("broken");
            }));
        }
        assertThat(guard.statistics().calls()).isEqualTo(10);
        assertThat(guard.statistics().failed()).isEqualTo(10);
        guard.call(() -> {
            for (int i = 0; i < 10; i++) {
                Thread.currentThread().interrupt();
                assertThat(catchThrowable(() -> guard.call(() -> "waits for a permit")))
                        .isInstanceOfSatisfying(
                                ServiceException.class,
                                e -> assertThat(e.code()).isEqualTo(Code.CANCELED));
                assertThat(Thread.interrupted()).isTrue();
            }
            return "first";
        });
        assertThat(guard.statistics().calls()).isEqualTo(21);
        assertThat(guard.statistics().failed()).isEqualTo(20);
    }

    @Test
    void a_listener_never_decides_G7() throws Exception {
        Guard guard = Guard.named("test")
                .tolerance(FaultTolerance.DEFAULT.with(TOUCHY.withOpen(Duration.ofNanos(1), HOUR)))
                .idempotent()
                .runtime(new RuntimeDependencies(Time.system(), new Random(1), _ -> {
                    throw new AssertionError("the receiver of events");
                }))
                .build();
        guard.whenApplied(() -> {
            throw new IllegalStateException("a listener");
        });
        var applied = new AtomicInteger();
        guard.whenApplied(applied::incrementAndGet);
        guard.apply(guard.tolerance().with(RetryPolicy.NONE));
        assertThat(applied).hasValue(1);
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken)).isInstanceOf(IOException.class);
        assertThat(guard.call(() -> "trial")).isEqualTo("trial");
        assertThat(guard.breaker().orElseThrow().state()).isEqualTo(CircuitBreaker.State.CLOSED);
        guard.apply(FaultTolerance.DEFAULT);
        var attempts = new AtomicInteger();
        ServiceResponse<?> response = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER))
                .handle(
                        Fixtures.call(Fixtures.READ, Time.system()),
                        _ -> attempts.incrementAndGet() == 1
                                ? ServiceResponse.failed(Code.UNAVAILABLE, "down")
                                : ServiceResponse.ok("after a retry"));
        assertThat(response.orThrow()).isEqualTo("after a retry");
    }

    @Test
    void an_error_of_a_fallback_that_records_a_result_does_not_affect_it_G7() {
        Guard guard = Guard.of("test", once());
        Fallback<String> recorder = new Fallback<>() {
            @Override
            public ServiceResponse<String> answer(Fault fault) {
                return ServiceResponse.failed(NO_ANSWER);
            }

            @Override
            public void succeeded(String answer) {
                throw new AssertionError("broken");
            }
        };
        assertThat(guard.call(() -> "answer", recorder)).isEqualTo("answer");
    }

    /** The module of the guard does not require java.net.http. */
    private static Exception http(String name) throws ReflectiveOperationException {
        return Class.forName("java.net.http." + name)
                .asSubclass(Exception.class)
                .getConstructor(String.class)
                .newInstance("slow");
    }

    @Test
    void exceptions_mean_what_they_wrap_G8() throws ReflectiveOperationException {
        var refused = new ConnectException("refused");
        var meanings = new LinkedHashMap<Exception, String>();
        meanings.put(new ExecutionException(refused), "unavailable, unreached");
        meanings.put(new CompletionException(new ExecutionException(refused)), "unavailable, unreached");
        meanings.put(new UncheckedIOException(refused), "unavailable, unreached");
        meanings.put(new UndeclaredThrowableException(refused), "unavailable, unreached");
        meanings.put(new InvocationTargetException(refused), "unavailable, unreached");
        meanings.put(new UnresolvedAddressException(), "unavailable, unreached");
        meanings.put(http("HttpConnectTimeoutException"), "unavailable, unreached");
        meanings.put(http("HttpTimeoutException"), "deadline_exceeded, reached");
        meanings.put(new ExecutionException(new SocketTimeoutException("slow")), "deadline_exceeded, reached");
        meanings.put(new CancellationException(), "canceled, reached");
        meanings.put(new CompletionException(new CancellationException()), "canceled, reached");
        meanings.put(new ClosedByInterruptException(), "canceled, reached");
        meanings.put(new InterruptedIOException(), "canceled, reached");
        meanings.put(new ExecutionException(new InterruptedException()), "canceled, reached");
        meanings.put(new ExecutionException(new AssertionError("an error")), "unknown, reached");
        meanings.put(new IllegalArgumentException("bad"), "invalid_argument, reached");
        meanings.put(
                new CompletionException(new ServiceException(Fault.unreached(Code.ABORTED, "conflict"))),
                "aborted, unreached");
        Guard guard = Guard.named("test").tolerance(once()).withoutBreaker().build();
        meanings.forEach((thrown, meaning) -> {
            ServiceResponse<String> response = guard.respond(
                    () -> {
                        throw thrown;
                    },
                    _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
            assertThat(response).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
                Fault fault = failed.fault();
                assertThat(fault.code().wire() + (fault.reached() ? ", reached" : ", unreached"))
                        .as(thrown.toString())
                        .isEqualTo(meaning);
            });
        });
    }

    @Test
    void cancelled_callers_blame_no_service_G8() {
        Guard guard = Guard.of("test", once().with(TOUCHY));
        for (Exception cancellation : List.of(
                new CancellationException(),
                new ClosedByInterruptException(),
                new InterruptedIOException(),
                new ExecutionException(new CancellationException()))) {
            assertThatThrownBy(() -> guard.call(() -> {
                        throw cancellation;
                    }))
                    .isSameAs(cancellation);
        }
        assertThat(guard.breaker().orElseThrow().state()).isEqualTo(CircuitBreaker.State.CLOSED);
        assertThat(guard.breaker().orElseThrow().snapshot().successes()).isZero();
    }

    @Test
    void a_mapping_that_fails_hides_nothing_G8() {
        var broken = new AssertionError("the mapping");
        Guard failing = Guard.named("test")
                .tolerance(once())
                .faults(_ -> {
                    throw broken;
                })
                .build();
        var thrown = new IOException("broken");
        assertThatThrownBy(() -> failing.call(() -> {
                    throw thrown;
                }))
                .isSameAs(thrown)
                .hasSuppressedException(broken);
        @SuppressWarnings("NullAway") // what a mapping must not do
        Guard without = Guard.named("test").tolerance(once()).faults(_ -> null).build();
        ServiceResponse<String> response =
                without.respond(GuardFaultsTest::broken, _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().code()).isEqualTo(Code.UNKNOWN));
        assertThat(without.statistics().failed()).isEqualTo(1);
    }

    @Test
    void the_original_exception_is_the_cause_and_that_of_the_fallback_is_suppressed_G10() {
        Guard guard = Guard.of("test", once());
        var first = new IOException("broken");
        for (Exception second : List.of(new IllegalStateException("too"), new IOException("too"))) {
            assertThatThrownBy(() -> guard.call(
                            () -> {
                                throw first;
                            },
                            Fallback.alternative(() -> {
                                throw second;
                            })))
                    .isInstanceOfSatisfying(ServiceException.class, e -> {
                        assertThat(e.code()).isEqualTo(Code.UNKNOWN);
                        assertThat(e.fault().message()).contains("broken", "the fallback failed too", "too");
                    })
                    .hasCause(first)
                    .hasSuppressedException(second);
        }
        var error = new AssertionError("worse");
        assertThatThrownBy(() -> guard.call(
                        () -> {
                            throw first;
                        },
                        Fallback.degraded(_ -> {
                            throw error;
                        })))
                .isSameAs(error)
                .hasSuppressedException(first);
        assertThat(guard.statistics().fallbacksFailed()).isEqualTo(3);
    }

    @Test
    void each_failure_of_a_chain_of_fallbacks_is_kept_G10() {
        Guard guard = Guard.of("test", once());
        var one = new IllegalStateException("one");
        var two = new IllegalStateException("two");
        Fallback<String> first = Fallback.degraded(_ -> {
            throw one;
        });
        Fallback<String> second = Fallback.degraded(_ -> {
            throw two;
        });
        Fallback<String> none = _ -> ServiceResponse.failed(Fallback.NO_ANSWER);
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken, first.or(none)))
                .hasSuppressedException(one);
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken, first.or(second)))
                .hasSuppressedException(two);
        assertThat(two).hasSuppressedException(one);
    }

    @Test
    void an_interrupted_call_keeps_its_interrupt_as_the_cause_G10() {
        Guard guard = Guard.of("test", once());
        var interrupt = new InterruptedException("stop");
        assertThatThrownBy(() -> guard.call(() -> {
                    throw interrupt;
                }))
                .isInstanceOf(ServiceException.class)
                .hasCause(interrupt);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void a_call_that_is_interrupted_in_its_pause_keeps_the_failure_before_it_G10() {
        Guard guard = Guard.named("test").idempotent().build();
        var failure = new IOException("broken");
        assertThatThrownBy(() -> guard.call(() -> {
                    Thread.currentThread().interrupt();
                    throw failure;
                }))
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.getCause())
                                .isInstanceOf(InterruptedException.class)
                                .hasSuppressedException(failure));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void code_that_was_not_executed_is_no_success_for_a_breaker_G9() throws InterruptedException {
        Guard guard = Guard.of("test", once().with(TOUCHY.withOpen(Duration.ofNanos(1), HOUR)));
        CircuitBreaker breaker = guard.breaker().orElseThrow();
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken)).isInstanceOf(IOException.class);
        var unbound = ScopedValue.<String>newInstance();
        assertThatThrownBy(() -> guard.call(unbound::get)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> guard.call(() -> List.<String>of().getFirst())).isInstanceOf(RuntimeException.class);
        assertThat(breaker.state()).isEqualTo(CircuitBreaker.State.HALF_OPEN);
        breaker.ended(breaker.tryAcquire(), Fault.unreached(Code.INVALID_ARGUMENT, "not sent"), 0, 1);
        assertThat(breaker.state()).isEqualTo(CircuitBreaker.State.HALF_OPEN);
        breaker.ended(breaker.tryAcquire(), Fault.of(Code.NOT_FOUND, "an answer"), 0, 1);
        assertThat(breaker.state()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void a_level_that_is_lowered_and_raised_keeps_permits_and_a_forced_breaker_G11() {
        var two = once().with(ConcurrencyPolicy.fixed(2).withQueue(0));
        Guard guard = Guard.of("test", two);
        guard.call(() -> guard.call(() -> {
            for (IsolationLevel level : IsolationLevel.values()) {
                guard.level(level);
                guard.level(IsolationLevel.FULL);
                assertThatThrownBy(() -> guard.call(() -> "third"))
                        .isInstanceOfSatisfying(
                                ServiceException.class,
                                e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED));
            }
            return "second";
        }));
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
        guard.breaker().orElseThrow().forceOpen();
        guard.level(IsolationLevel.NONE);
        assertThat(guard.call(() -> "no breaker is in force")).isNotNull();
        guard.apply(two.with(IsolationLevel.NONE).with(CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(7)));
        guard.level(IsolationLevel.FULL);
        assertThat(guard.breaker().orElseThrow().snapshot().mode()).isEqualTo(CircuitBreaker.Mode.FORCED_OPEN);
        assertThat(guard.breaker().orElseThrow().snapshot().threshold()).isEqualTo(7);
        assertThatThrownBy(() -> guard.call(() -> "refused")).isInstanceOf(ServiceException.class);
    }

    @Test
    void a_bucket_stays_empty_whatever_else_changes_G11() {
        var rate = new RateLimitPolicy(1, Duration.ofDays(1), 1, Duration.ZERO, Duration.ZERO);
        Guard guard = Guard.of("test", once().with(rate));
        assertThat(guard.call(() -> "first")).isEqualTo("first");
        guard.level(IsolationLevel.BASIC);
        guard.level(IsolationLevel.FULL);
        guard.apply(once().with(rate.withWaitMax(Duration.ofMillis(1))));
        assertThatThrownBy(() -> guard.call(() -> "second")).hasMessageContaining("the rate limit of test is reached");
    }

    @Test
    void an_operation_keeps_its_permits_while_it_has_no_policies_of_its_own_G11() throws InterruptedException {
        Guard guard = Guard.of("test", once());
        var own = Map.of("read", once().with(ConcurrencyPolicy.fixed(1).withQueue(0)));
        guard.apply(new Policies(once(), own));
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        var read = Fixtures.call(Fixtures.READ, Time.system());
        ServiceResponse<?> response = filter.handle(read, _ -> {
            guard.apply(new Policies(once(), Map.of()));
            guard.apply(new Policies(once(), own));
            return filter.handle(read, _ -> ServiceResponse.ok("second"));
        });
        assertThat(response.succeeded()).isFalse();
    }

    @Test
    void a_call_sees_one_plan_G13() throws IOException {
        Guard guard = Guard.of("test", once());
        String answer = guard.call(
                () -> {
                    guard.level(IsolationLevel.NONE);
                    return broken();
                },
                Fallback.value("by the policies at the beginning"));
        assertThat(answer).isEqualTo("by the policies at the beginning");
        assertThatThrownBy(() -> guard.call(
                        () -> {
                            guard.level(IsolationLevel.FULL);
                            return broken();
                        },
                        Fallback.value("too late")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void the_longest_durations_are_accepted_G15() throws InterruptedException {
        Duration forever = ChronoUnit.FOREVER.getDuration();
        var rate = new RateLimiter(RateLimitPolicy.perSecond(1000), Time.system());
        assertThat(rate.acquire(1, forever)).isTrue();
        assertThat(rate.acquire(1, forever.negated())).isTrue();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1), Time.system());
        assertThat(limiter.acquire(forever)).isTrue();
        assertThat(limiter.acquire(forever.negated())).isFalse();
    }

    @Test
    void a_first_call_has_all_its_attempts_and_the_fault_names_the_budget_G16() {
        var none = new RetryPolicy(
                4, Duration.ofNanos(1), Duration.ofNanos(1), 1, Jitter.FULL, RetryPolicy.DEFAULT.on(), 0, 0);
        Guard guard = Guard.named("test")
                .tolerance(once().with(none).with(CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(100)))
                .idempotent()
                .build();
        var attempts = new AtomicInteger();
        ScopedValue.CallableOp<String, IOException> failing = () -> {
            attempts.incrementAndGet();
            return broken();
        };
        assertThatThrownBy(() -> guard.call(failing)).isInstanceOf(IOException.class);
        assertThat(attempts).hasValue(4);
        assertThatThrownBy(() -> guard.call(failing))
                .isInstanceOf(IOException.class)
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("the retry budget is used up"));
        assertThat(attempts).hasValue(5);
        ServiceResponse<String> response = guard.respond(failing, _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        assertThat(response)
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().message()).contains("the retry budget is used up"));
        assertThatThrownBy(() -> guard.call(() -> {
                    throw new ServiceException(Code.UNAVAILABLE, "down");
                }))
                .hasMessageContaining("the retry budget is used up");
    }

    @Test
    void a_service_that_is_at_its_limit_costs_no_retries_G16() throws InterruptedException {
        Guard guard = Guard.named("test").withoutBreaker().idempotent().build();
        assertThatThrownBy(() -> guard.call(() -> {
                    throw new ServiceException(Fault.unreached(Code.RESOURCE_EXHAUSTED, "full"));
                }))
                .isInstanceOf(ServiceException.class);
        var call = Fixtures.call(Fixtures.READ, Time.system());
        var filter = guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER));
        filter.handle(call, _ -> ServiceResponse.failed(Code.RESOURCE_EXHAUSTED, "said by the handler"));
        assertThat(guard.statistics().retries()).isZero();
        filter.handle(call, inner -> {
            if (inner.context().attempt() == 2) {
                inner.context().record().refusingAll();
            }
            return ServiceResponse.failed(Fault.unreached(Code.RESOURCE_EXHAUSTED, "one instance is full"));
        });
        assertThat(guard.statistics().retries()).as("another instance").isEqualTo(1);
    }

    @Test
    void an_unfinished_body_does_not_delay_the_count_of_its_call_G6() throws InterruptedException {
        Guard guard = Guard.of("test", once().withTimeouts(HOUR.dividedBy(60), HOUR.dividedBy(60), TimeoutMode.DETACH));
        var started = new CountDownLatch(1);
        Thread caller = Thread.ofVirtual()
                .start(() -> assertThatThrownBy(() -> guard.call(() -> {
                            started.countDown();
                            new CountDownLatch(1).await();
                            return "never";
                        }))
                        .isInstanceOf(ServiceException.class));
        started.await();
        caller.interrupt();
        caller.join();
        assertThat(guard.statistics().calls()).isEqualTo(1);
        assertThat(guard.statistics().failed()).isEqualTo(1);
        assertThat(guard.breaker().orElseThrow().snapshot().failures()).isZero();
    }

    @Test
    void an_exception_that_has_no_text_reaches_the_caller_all_the_same_G8() {
        final class Textless extends RuntimeException {
            private static final long serialVersionUID = 1;

            @Override
            public String getMessage() {
                throw new IllegalStateException("no text");
            }
        }
        Guard guard = Guard.of("test", once());
        var thrown = new Textless();
        assertThatThrownBy(() -> guard.call(() -> {
                    throw thrown;
                }))
                .matches(e -> e.equals(thrown));
        assertThat(guard.statistics().failed()).isEqualTo(1);
        var original = new IOException("broken");
        Guard mapping = Guard.named("test")
                .faults(_ -> {
                    throw thrown;
                })
                .build();
        assertThatThrownBy(() -> mapping.call(() -> {
                    throw original;
                }))
                .isSameAs(original);
        assertThatThrownBy(() -> guard.call(GuardFaultsTest::broken, _ -> {
                    throw thrown;
                }))
                .isInstanceOf(ServiceException.class)
                .hasMessageContaining("IOException: broken; the fallback failed too: Textless");
        assertThat(guard.<String, RuntimeException>call(() -> "answer", new Fallback<>() {
                    @Override
                    public ServiceResponse<String> answer(Fault fault) {
                        return ServiceResponse.failed(NO_ANSWER);
                    }

                    @Override
                    public void succeeded(String answer) {
                        throw thrown;
                    }
                }))
                .isEqualTo("answer");
    }

    @Test
    void of_changes_at_the_same_time_none_is_lost_G11() throws InterruptedException {
        Guard guard = Guard.of("test", once());
        for (int i = 1; i <= 2_000; i++) {
            Duration deadline = Duration.ofSeconds(i);
            Thread other = Thread.startVirtualThread(() -> guard.level(
                    guard.tolerance().level() == IsolationLevel.FULL ? IsolationLevel.BASIC : IsolationLevel.FULL));
            guard.apply(Policies.of(guard.tolerance().withDeadline(deadline)));
            other.join();
            assertThat(guard.tolerance().deadline()).isEqualTo(deadline);
        }
    }

    @Test
    void a_carrier_that_drops_its_body_holds_no_detached_attempt_G9() {
        Guard guard = Guard.named("test")
                .tolerance(detached().with(IsolationLevel.BASIC))
                .context(_ -> () -> {})
                .build();
        for (int i = 0; i <= Guard.DETACHED_MAX; i++) {
            assertThatThrownBy(() -> guard.call(() -> "never"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("context carrier");
        }
    }
}
