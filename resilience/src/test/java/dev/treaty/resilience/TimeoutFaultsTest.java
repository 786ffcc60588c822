package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.io.IOException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Timeouts, hedges and asynchronous calls of code that does not behave. */
class TimeoutFaultsTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final ScopedValue<String> TENANT = ScopedValue.newInstance();
    private static final InheritableThreadLocal<String> USER = new InheritableThreadLocal<>();

    private static FaultTolerance once(Duration timeout, TimeoutMode mode) {
        return FaultTolerance.DEFAULT.with(RetryPolicy.NONE).withTimeouts(timeout, timeout, mode);
    }

    private static Guard guard(Duration timeout, TimeoutMode mode) {
        return Guard.of("test", once(timeout, mode));
    }

    private static String sleep() throws InterruptedException {
        new CountDownLatch(1).await();
        return "never";
    }

    private static void assertLate(ServiceException e) {
        assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
    }

    /** A channel whose close waits for a latch, or throws. */
    private static final class Stubborn extends AbstractInterruptibleChannel {
        private final CountDownLatch mayClose;
        private final CountDownLatch reading = new CountDownLatch(1);
        private final CountDownLatch closing = new CountDownLatch(1);

        Stubborn(CountDownLatch mayClose) {
            this.mayClose = mayClose;
        }

        @Override
        protected void implCloseChannel() {
            closing.countDown();
            boolean done = false;
            while (!done) {
                try {
                    mayClose.await();
                    done = true;
                } catch (InterruptedException _) {
                    // Closing takes its time.
                }
            }
            throw new AssertionError("cannot be closed");
        }

        /** Blocks until the thread is interrupted, as a read would. */
        String read() throws IOException {
            boolean completed = false;
            try {
                begin();
                reading.countDown();
                while (!Thread.currentThread().isInterrupted()) {
                    LockSupport.park(this);
                }
                completed = true;
            } finally {
                end(completed);
            }
            return "interrupted";
        }
    }

    @Test
    void an_interrupt_that_throws_or_takes_long_harms_only_its_own_call_G1() throws InterruptedException {
        var mayClose = new CountDownLatch(1);
        var slow = new ArrayList<Stubborn>();
        var threads = new ArrayList<Thread>();
        List<Throwable> results = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 3; i++) {
            var channel = new Stubborn(mayClose);
            slow.add(channel);
            threads.add(Thread.ofPlatform().start(() -> {
                Throwable last = null;
                while (channel.closing.getCount() > 0) { // on a busy machine the time may be up before the read begins
                    try {
                        guard(SHORT, TimeoutMode.INTERRUPT).call(channel::read);
                    } catch (Throwable e) {
                        last = e;
                    }
                }
                results.add(last);
            }));
        }
        for (Stubborn channel : slow) {
            channel.closing.await(); // each of them, although the first has not ended
        }
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> guard(SHORT, TimeoutMode.INTERRUPT).call(TimeoutFaultsTest::sleep))
                    .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
            assertThatThrownBy(() ->
                            guard(SHORT, TimeoutMode.INTERRUPT).call(() -> new Stubborn(new CountDownLatch(0)).read()))
                    .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
        }
        mayClose.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(results).hasSize(3).allSatisfy(e -> assertLate((ServiceException) e));
    }

    @Test
    void leaving_a_detached_body_runs_no_code_of_its_channel_on_the_caller_G1() throws InterruptedException {
        var mayClose = new CountDownLatch(1);
        var channel = new Stubborn(mayClose);
        while (channel.closing.getCount() > 0) { // on a busy machine the time may be up before the read begins
            assertThatThrownBy(() -> guard(SHORT, TimeoutMode.DETACH).call(channel::read))
                    .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
        }
        mayClose.countDown();
    }

    private static Guard hedged(ContextCarrier carrier) {
        Guard guard = Guard.named("test")
                .tolerance(once(LONG, TimeoutMode.COOPERATIVE).with(new HedgePolicy(0.5, Duration.ofNanos(1_000), 1)))
                .context(carrier)
                .idempotent()
                .build();
        for (int i = 0; i < 40; i++) {
            guard.call(() -> "quick");
        }
        return guard;
    }

    @Test
    void a_hedge_runs_in_the_context_of_its_own_caller_G2_G9() throws Exception {
        USER.set("alice");
        guard(LONG, TimeoutMode.INTERRUPT).call(() -> "starts the watchdog, unless it runs already");
        Guard guard = hedged(ContextCarrier.of(TENANT));
        USER.set("bob");
        Thread caller = Thread.currentThread();
        ClassLoader before = caller.getContextClassLoader();
        var loader = new ClassLoader(before) {};
        caller.setContextClassLoader(loader);
        try {
            var second = new AtomicReference<Thread>();
            String answer = ScopedValue.where(TENANT, "shop")
                    .call(() -> guard.call(() -> {
                        if (Thread.currentThread().equals(caller)) {
                            return sleep();
                        }
                        second.set(Thread.currentThread());
                        assertThat(Thread.currentThread().getContextClassLoader())
                                .isSameAs(loader);
                        return USER.get() + " of " + TENANT.get();
                    }));
            assertThat(answer).isEqualTo("bob of shop");
            assertThat(second.get()).isNotNull();
            assertThat(Thread.interrupted()).isFalse();
        } finally {
            caller.setContextClassLoader(before);
            USER.remove();
        }
    }

    @Test
    void a_carrier_brings_the_context_to_detached_and_asynchronous_calls_G9() {
        var left = new AtomicInteger();
        ContextCarrier counting = body -> () -> {
            try {
                body.run();
            } finally {
                left.incrementAndGet();
            }
        };
        Guard guard = Guard.named("test")
                .tolerance(once(LONG, TimeoutMode.DETACH))
                .context(ContextCarrier.of(TENANT).and(counting))
                .build();
        assertThat(ScopedValue.where(TENANT, "shop").call(() -> guard.call(TENANT::get)))
                .isEqualTo("shop");
        CompletableFuture<String> later = ScopedValue.where(TENANT, "shop").call(() -> guard.callAsync(TENANT::get));
        assertThat(later.join()).isEqualTo("shop");
        assertThat(guard.call(TENANT::isBound)).as("not bound by the caller").isFalse();
        assertThat(left).hasValueBetween(2, 4); // the body may have ended just before its carrier
    }

    @Test
    void a_carrier_that_fails_fails_its_call_G9() {
        var broken = new IllegalStateException("no context");
        Guard guard = Guard.named("test")
                .tolerance(once(LONG, TimeoutMode.DETACH))
                .context(_ -> () -> {
                    throw broken;
                })
                .build();
        assertThatThrownBy(() -> guard.call(() -> "never")).isSameAs(broken);
        assertThat(guard.statistics().failed()).isEqualTo(1);
        assertThatThrownBy(() -> guard.callAsync(() -> "never").join()).hasCause(broken);
    }

    @Test
    void an_outer_timeout_stays_in_force_after_an_inner_one_was_swallowed_G3() {
        for (int i = 0; i < 12; i++) {
            Duration timeout = Duration.ofMillis(30);
            var swallowed = new AtomicInteger();
            assertThatThrownBy(() -> guard(timeout, TimeoutMode.INTERRUPT).call(() -> {
                        try {
                            return guard(timeout, TimeoutMode.INTERRUPT).call(TimeoutFaultsTest::sleep);
                        } catch (ServiceException _) {
                            swallowed.incrementAndGet();
                        }
                        return sleep();
                    }))
                    .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
            assertThat(swallowed).hasValue(1);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void a_body_that_swallows_its_timeout_is_interrupted_again_G3() {
        assertThatThrownBy(() -> guard(SHORT, TimeoutMode.INTERRUPT).call(() -> {
                    for (int i = 0; i < 2; i++) {
                        try {
                            sleep();
                        } catch (InterruptedException _) {
                            // swallowed, which does not end the timeout
                        }
                    }
                    return sleep();
                }))
                .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void a_timeout_leaves_the_interrupt_flag_as_it_was_G4() throws IOException {
        Guard retrying = Guard.named("test")
                .tolerance(FaultTolerance.DEFAULT.withTimeouts(LONG, SHORT, TimeoutMode.INTERRUPT))
                .idempotent()
                .build();
        var attempts = new AtomicInteger();
        String answer = retrying.call(() -> {
            if (attempts.incrementAndGet() > 1) {
                return "after a retry";
            }
            try {
                return sleep();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        });
        assertThat(answer).isEqualTo("after a retry");
        assertThat(Thread.interrupted()).isFalse();
        assertThatThrownBy(() -> guard(SHORT, TimeoutMode.INTERRUPT).call(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    }
                    throw new AssertionError("at the timeout");
                }))
                .isInstanceOf(AssertionError.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void an_interrupt_of_the_caller_outlives_a_timeout_G4() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> guard(SHORT, TimeoutMode.INTERRUPT).call(() -> {
                    long end = System.nanoTime() + 2 * SHORT.toNanos();
                    while (System.nanoTime() - end < 0) {
                        Thread.onSpinWait();
                    }
                    return "late";
                }))
                .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void an_error_of_a_hedged_attempt_leaves_no_interrupt_G4() {
        Guard guard = hedged(ContextCarrier.NONE);
        Thread caller = Thread.currentThread();
        assertThatThrownBy(() -> guard.call(() -> {
                    if (!Thread.currentThread().equals(caller)) {
                        return "second";
                    }
                    while (!Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    }
                    throw new AssertionError("at the interrupt");
                }))
                .isInstanceOf(AssertionError.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(guard.concurrency().orElseThrow().inFlight()).isZero();
    }

    @Test
    void the_exception_of_a_body_at_its_timeout_is_the_cause_G10() {
        var thrown = new IOException("interrupted");
        assertThatThrownBy(() -> guard(SHORT, TimeoutMode.INTERRUPT).call(() -> {
                    try {
                        return sleep();
                    } catch (InterruptedException _) {
                        throw thrown;
                    }
                }))
                .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate)
                .hasCause(thrown);
    }

    @ParameterizedTest
    @EnumSource(
            value = TimeoutMode.class,
            names = {"INTERRUPT", "DETACH"})
    void a_fallback_ends_at_the_deadline_G12(TimeoutMode mode) throws InterruptedException {
        var never = new CountDownLatch(1);
        Guard guard = guard(SHORT, mode);
        var response = guard.<String>respond(TimeoutFaultsTest::sleep, Fallback.alternative(() -> {
            never.await();
            return "never";
        }));
        assertThat(response).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
            assertThat(failed.fault().code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(failed.fault().message()).contains("the fallback failed too");
        });
        assertThat(Thread.interrupted()).isFalse();
        String answer = null;
        while (answer == null) { // on a busy machine the moment for a fallback may pass before its thread runs
            try {
                answer = guard.call(TimeoutFaultsTest::sleep, Fallback.value("at hand"));
            } catch (ServiceException e) {
                assertLate(e);
            }
        }
        assertThat(answer).isEqualTo("at hand");
    }

    @Test
    void a_cooperative_fallback_finds_the_deadline_in_its_context_G12() {
        var context = CallContext.next(Principal.ANONYMOUS, Time.system(), new Random(1));
        Guard guard = guard(SHORT, TimeoutMode.COOPERATIVE);
        Deadline deadline = context.run(() -> guard.call(
                () -> {
                    throw new ServiceException(Code.UNAVAILABLE, "down");
                },
                Fallback.alternative(() -> CallContext.current().orElseThrow().deadline())));
        assertThat(deadline.remainingNanos(Time.system())).isLessThanOrEqualTo(SHORT.toNanos());
    }

    @Test
    void no_body_begins_after_the_deadline_G12() {
        var time = new SkippingTime();
        var rate = new RateLimitPolicy(1, Duration.ofSeconds(1), 1, LONG, Duration.ZERO);
        Guard guard = Guard.named("test")
                .tolerance(once(Duration.ofSeconds(1), TimeoutMode.COOPERATIVE).with(rate))
                .runtime(new RuntimeDependencies(time, new Random(1), Events.NONE))
                .build();
        assertThat(guard.call(() -> "first")).isEqualTo("first");
        var runs = new AtomicInteger();
        assertThatThrownBy(() -> guard.call(runs::incrementAndGet))
                .isInstanceOfSatisfying(ServiceException.class, TimeoutFaultsTest::assertLate);
        assertThat(runs).hasValue(0);
    }

    private static void assertInterruptedAndReleased(Guard guard, CountDownLatch interrupted)
            throws InterruptedException {
        interrupted.await();
        while (guard.concurrency().orElseThrow().inFlight() > 0) {
            Thread.yield();
        }
        assertThat(guard.call(() -> "next")).isEqualTo("next");
    }

    @Test
    void completing_an_asynchronous_call_by_any_means_interrupts_its_body_G14() throws InterruptedException {
        Guard guard = Guard.of("test", once(LONG, TimeoutMode.COOPERATIVE).with(ConcurrencyPolicy.fixed(1)));
        for (int way = 0; way < 5; way++) {
            var started = new CountDownLatch(1);
            var interrupted = new CountDownLatch(1);
            CompletableFuture<String> future = guard.callAsync(() -> {
                started.countDown();
                try {
                    return sleep();
                } finally {
                    interrupted.countDown();
                }
            });
            started.await();
            switch (way) {
                case 0 -> assertThat(future.orTimeout(1, TimeUnit.MILLISECONDS)).isNotNull();
                case 1 -> future.cancel(false);
                case 2 -> future.completeExceptionally(new IOException("given up"));
                case 3 ->
                    assertThat(future.completeOnTimeout("instead", 1, TimeUnit.MILLISECONDS))
                            .isNotNull();
                default -> future.complete("instead");
            }
            assertInterruptedAndReleased(guard, interrupted);
        }
    }

    @Test
    void a_timeout_of_one_future_waits_for_no_channel_G14() throws InterruptedException {
        var mayClose = new CountDownLatch(1);
        var channel = new Stubborn(mayClose);
        Guard guard = Guard.of("test", once(LONG, TimeoutMode.COOPERATIVE));
        CompletableFuture<String> stuck = guard.callAsync(channel::read);
        channel.reading.await();
        while (!stuck.isDone()) {
            assertThat(stuck.orTimeout(1, TimeUnit.MILLISECONDS)).isNotNull();
            Thread.yield();
        }
        channel.closing.await();
        var other = guard.callAsync(TimeoutFaultsTest::sleep).orTimeout(1, TimeUnit.MILLISECONDS);
        assertThatThrownBy(other::join).isInstanceOf(RuntimeException.class);
        mayClose.countDown();
    }

    @Test
    void a_body_that_ends_in_time_is_not_interrupted_G14() {
        Guard guard = Guard.of("test", once(LONG, TimeoutMode.COOPERATIVE));
        assertThat(guard.callAsync(() -> "answer").orTimeout(1, TimeUnit.HOURS).join())
                .isEqualTo("answer");
    }
}
