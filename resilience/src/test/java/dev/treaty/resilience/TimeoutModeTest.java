package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TimeoutModeTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private static Guard guard(TimeoutMode mode) {
        return guard(mode, SHORT);
    }

    private static Guard guard(TimeoutMode mode, Duration timeout) {
        return Guard.of(
                "test",
                FaultTolerance.of(IsolationLevel.BASIC).with(RetryPolicy.NONE).withTimeouts(timeout, timeout, mode));
    }

    @Test
    void a_blocking_body_is_interrupted_on_its_callers_thread() {
        var thread = Thread.currentThread();
        assertThatThrownBy(() -> guard(TimeoutMode.INTERRUPT).call(() -> {
                    assertThat(Thread.currentThread()).isSameAs(thread);
                    new CountDownLatch(1).await();
                    return "never";
                }))
                .isInstanceOfSatisfying(ServiceException.class, e -> {
                    assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
                    assertThat(e.fault().reached()).isTrue();
                });
        assertThat(Thread.interrupted()).as("the interrupt of the guard").isFalse();
    }

    @Test
    void a_body_that_ignores_the_interrupt_times_out_all_the_same() {
        assertThatThrownBy(() -> guard(TimeoutMode.INTERRUPT).call(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        Thread.yield();
                    }
                    return "late";
                }))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED));
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void a_body_in_time_is_not_interrupted() {
        Guard guard = guard(TimeoutMode.INTERRUPT, Duration.ofMinutes(1));
        for (int i = 0; i < 1_000; i++) {
            assertThat(guard.call(() -> "in time")).isEqualTo("in time");
        }
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void a_caller_returns_in_time_whatever_a_detached_body_does() throws InterruptedException {
        Guard guard = guard(TimeoutMode.DETACH);
        var release = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        assertThatThrownBy(() -> guard.call(() -> {
                    awaitIgnoringInterrupts(release);
                    ended.countDown();
                    return "late";
                }))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED));
        assertThat(ended.getCount()).as("the body is still running").isEqualTo(1);
        assertThat(guard.statistics().detached()).isEqualTo(1);
        release.countDown();
        ended.await();
    }

    private static void awaitIgnoringInterrupts(CountDownLatch latch) {
        boolean done = false;
        while (!done) {
            try {
                latch.await();
                done = true;
            } catch (InterruptedException e) {
                // ignored, and so is the timeout that it signals
            }
        }
    }

    @Test
    void a_detached_body_has_the_context_and_its_exception_is_thrown() {
        var context = CallContext.next(Principal.claimed("caller"), Time.system(), new Random(1));
        Guard guard = guard(TimeoutMode.DETACH, Duration.ofMinutes(1));
        String name = context.run(() ->
                guard.call(() -> CallContext.current().orElseThrow().caller().name()));
        assertThat(name).isEqualTo("caller");
        var failure = new IllegalStateException("broken");
        assertThatThrownBy(() -> guard.call(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    @Test
    void detached_attempts_are_limited() throws InterruptedException {
        Guard guard = Guard.of(
                "test",
                FaultTolerance.of(IsolationLevel.BASIC)
                        .with(RetryPolicy.NONE)
                        .withTimeouts(Duration.ofNanos(1_000), SHORT, TimeoutMode.DETACH));
        var release = new CountDownLatch(1);
        var refused = new AtomicBoolean();
        for (int i = 0; i < Guard.DETACHED_MAX + 200 && !refused.get(); i++) {
            try {
                guard.call(() -> {
                    awaitIgnoringInterrupts(release);
                    return "late";
                });
            } catch (ServiceException e) {
                refused.set(e.code() == Code.RESOURCE_EXHAUSTED);
            }
        }
        release.countDown();
        assertThat(refused).isTrue();
    }

    @Test
    void cooperative_code_finds_its_deadline_in_the_context() {
        var context = CallContext.next(Principal.ANONYMOUS, Time.system(), new Random(1));
        Deadline deadline = context.run(() -> guard(TimeoutMode.COOPERATIVE)
                .call(() -> CallContext.current().orElseThrow().deadline()));
        assertThat(deadline.remainingNanos(Time.system())).isLessThanOrEqualTo(SHORT.toNanos());
    }
}
