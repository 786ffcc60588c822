package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ConcurrencyLimiterTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static final Set<Thread.State> WAITING = Set.of(Thread.State.WAITING, Thread.State.BLOCKED);

    private final ManualTime time = new ManualTime();

    private ConcurrencyLimiter fixed(int limit) {
        return new ConcurrencyLimiter(ConcurrencyPolicy.fixed(limit), time);
    }

    private static void acquire(ConcurrencyLimiter limiter, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(limiter.tryAcquire()).as("call %d", i).isTrue();
        }
    }

    private static void release(ConcurrencyLimiter limiter, int times) {
        for (int i = 0; i < times; i++) {
            limiter.release();
        }
    }

    @Test
    void an_invalid_policy_is_rejected_with_the_value_and_the_accepted_range() {
        var policy = ConcurrencyPolicy.DEFAULT;
        assertThatThrownBy(() -> policy.withLimit(0)).hasMessage("limit is 0: use 1 or more");
        assertThatThrownBy(() -> policy.withLimit(65_537)).hasMessage("limit is 65537: use at most 65536");
        assertThatThrownBy(() -> policy.withQueue(-1)).hasMessage("queue is -1: use 0 or more");
        assertThatThrownBy(() -> policy.withQueue(10_001)).hasMessage("queue is 10001: use at most 10000");
        assertThatThrownBy(() -> ConcurrencyPolicy.adaptive(0)).hasMessage("limit is 0: use 1 or more");
        assertThatThrownBy(() -> new ConcurrencyPolicy(false, 5, 0, Duration.ZERO))
                .hasMessage("wait-max is PT0S: use more than zero");
    }

    @Test
    void admits_calls_up_to_the_limit() {
        var limiter = fixed(3);
        acquire(limiter, 3);
        assertThat(limiter.tryAcquire()).isFalse();
        assertThat(limiter.inFlight()).isEqualTo(3);
        limiter.release();
        acquire(limiter, 1);
        assertThat(limiter.tryAcquire()).isFalse();
    }

    @Test
    void a_permit_may_be_released_by_another_thread() throws InterruptedException {
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(5), Time.system(), 4);
        for (int i = 0; i < 20; i++) {
            acquire(limiter, 5);
            assertThat(limiter.tryAcquire()).isFalse();
            Thread.ofPlatform().start(() -> release(limiter, 5)).join();
        }
        assertThat(limiter.inFlight()).isZero();
    }

    @Test
    void the_last_quarter_is_reserved_for_higher_priorities() {
        var limiter = fixed(8);
        acquire(limiter, 5);
        assertThat(limiter.tryAcquire(Priority.SHEDDABLE)).isTrue();
        assertThat(limiter.tryAcquire(Priority.SHEDDABLE)).isFalse();
        assertThat(limiter.tryAcquire(Priority.NORMAL)).isTrue();
        assertThat(limiter.tryAcquire(Priority.CRITICAL)).isTrue();
        assertThat(limiter.tryAcquire(Priority.CRITICAL)).isFalse();
        release(limiter, 2);
        assertThat(limiter.tryAcquire(Priority.SHEDDABLE)).isFalse();
        release(limiter, 1);
        assertThat(limiter.tryAcquire(Priority.SHEDDABLE)).isTrue();
        assertThat(Priority.SHEDDABLE.share()).isEqualTo(0.75);
        assertThat(Priority.NORMAL.share()).isEqualTo(1);
        assertThat(fixed(1).tryAcquire(Priority.SHEDDABLE)).isTrue();
    }

    @Test
    void a_lowered_limit_admits_no_call_until_enough_have_ended() {
        var limiter = fixed(5);
        acquire(limiter, 5);
        limiter.change(ConcurrencyPolicy.fixed(2));
        assertThat(limiter.inFlight()).isEqualTo(5);
        release(limiter, 3);
        assertThat(limiter.inFlight()).isEqualTo(2);
        assertThat(limiter.tryAcquire(Priority.CRITICAL)).isFalse();
        limiter.release();
        acquire(limiter, 1);
        assertThat(limiter.tryAcquire()).isFalse();
    }

    @Test
    void a_raised_limit_first_repays_its_debt() {
        var limiter = fixed(5);
        acquire(limiter, 5);
        limiter.change(ConcurrencyPolicy.fixed(1));
        limiter.change(ConcurrencyPolicy.fixed(4));
        assertThat(limiter.inFlight()).isEqualTo(5);
        limiter.release();
        assertThat(limiter.tryAcquire()).isFalse();
        limiter.change(ConcurrencyPolicy.fixed(7));
        acquire(limiter, 3);
        assertThat(limiter.tryAcquire()).isFalse();
        release(limiter, 7);
        assertThat(limiter.inFlight()).isZero();
    }

    @Test
    void a_raised_limit_admits_waiting_calls() throws InterruptedException {
        var waiting = new Waiting(5);
        Thread first = waiting.start(Priority.NORMAL);
        var policy = new ConcurrencyPolicy(false, 2, 5, HOUR);
        waiting.limiter().change(policy);
        first.join();
        assertThat(waiting.admitted()).containsExactly(0);
        assertThat(waiting.limiter().inFlight()).isEqualTo(1);
    }

    @Test
    void only_calls_of_higher_priority_overtake_waiting_calls() throws InterruptedException {
        var limiter = fixed(4);
        limiter.change(ConcurrencyPolicy.DEFAULT.withLimit(4));
        acquire(limiter, 3);
        Thread sheddable = Thread.startVirtualThread(() -> {
            try {
                limiter.acquire(Priority.SHEDDABLE, time.nanoTime(), HOUR.toNanos());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (limiter.queued() == 0) {
            Thread.yield();
        }
        acquire(limiter, 1); // the fourth, which the waiting sheddable call may not use
        limiter.release();
        assertThat(limiter.queued()).isEqualTo(1);
        assertThat(limiter.tryAcquire(Priority.SHEDDABLE)).isFalse();
        limiter.release();
        sheddable.join();
        assertThat(limiter.inFlight()).isEqualTo(3);
    }

    @Test
    void a_full_queue_refuses_at_once_and_so_does_a_limiter_without_a_queue() throws InterruptedException {
        var waiting = new Waiting(1);
        waiting.start(Priority.NORMAL);
        assertThat(waiting.limiter().acquire(HOUR)).isFalse();
        assertThat(waiting.limiter().queued()).isEqualTo(1);
        waiting.releaseAll();
        var limiter = fixed(1);
        assertThat(limiter.acquire(HOUR)).isTrue();
        assertThat(limiter.acquire(HOUR)).isFalse();
    }

    @Test
    void a_call_that_cannot_wait_displaces_no_other() throws InterruptedException {
        var waiting = new Waiting(1);
        waiting.start(Priority.SHEDDABLE);
        waiting.start(Priority.CRITICAL, Duration.ZERO);
        assertThat(waiting.refused()).containsExactly(1);
        waiting.releaseAll();
        assertThat(waiting.admitted()).containsExactly(0);
    }

    @Test
    void a_wait_ends_at_the_deadline_or_the_longest_wait_of_the_policy() throws InterruptedException {
        var waiting = new Waiting(5);
        waiting.time().advance(Duration.ofDays(1));
        waiting.start(Priority.NORMAL, Duration.ofSeconds(1));
        waiting.start(Priority.NORMAL, Duration.ofHours(5));
        waiting.start(Priority.NORMAL, Duration.ZERO);
        assertThat(waiting.refused()).containsExactly(2);
        waiting.time().advance(Duration.ofMillis(999));
        waiting.settle();
        assertThat(waiting.refused()).containsExactly(2);
        waiting.time().advance(Duration.ofMillis(1));
        waiting.settle();
        assertThat(waiting.refused()).containsExactly(2, 0);
        waiting.time().advance(HOUR);
        waiting.settle();
        assertThat(waiting.refused()).containsExactly(2, 0, 1);
        assertThat(waiting.limiter().queued()).isZero();
        waiting.limiter().release();
        assertThat(waiting.limiter().inFlight()).isZero();
    }

    @Test
    void an_interrupt_ends_a_wait_without_a_permit() throws InterruptedException {
        var waiting = new Waiting(5);
        Thread first = waiting.start(Priority.NORMAL);
        waiting.start(Priority.NORMAL);
        first.interrupt();
        first.join();
        assertThat(waiting.interrupted()).containsExactly(0);
        waiting.releaseAll();
        assertThat(waiting.admitted()).containsExactly(1);
        assertThat(waiting.limiter().inFlight()).isZero();
    }

    /** A clock on which a waiting thread is admitted and interrupted at the same time. */
    private static final class InterruptedOnAdmission implements Time {
        private ConcurrencyLimiter limiter;

        @Override
        public Instant instant() {
            return Instant.EPOCH;
        }

        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public void park(Object blocker, long nanos) {
            limiter.release();
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void an_admission_during_an_interrupt_is_released() {
        var clock = new InterruptedOnAdmission();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(1), clock);
        clock.limiter = limiter;
        acquire(limiter, 1);
        assertThatThrownBy(() -> limiter.acquire(HOUR)).isInstanceOf(InterruptedException.class);
        assertThat(limiter.inFlight()).isZero();
        assertThat(limiter.queued()).isZero();
    }

    /** A clock on which a waiting thread gets a processor only after its wait is over and a permit was released. */
    private static final class NoProcessor implements Time {
        private ConcurrencyLimiter limiter;
        private long now;

        @Override
        public Instant instant() {
            return Instant.EPOCH;
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void park(Object blocker, long nanos) {
            now += nanos;
            limiter.release();
        }
    }

    @Test
    void a_call_that_has_waited_too_long_is_not_admitted_although_its_thread_could_not_leave_the_queue_W9()
            throws InterruptedException {
        var clock = new NoProcessor();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(1), clock);
        clock.limiter = limiter;
        acquire(limiter, 1);
        assertThat(limiter.acquire(HOUR)).isFalse();
        assertThat(limiter.inFlight()).isZero();
        assertThat(limiter.queued()).isZero();
    }

    @Test
    void calls_that_have_waited_too_long_take_no_place_in_the_queue_W9() throws InterruptedException {
        var waiting = new Waiting(1);
        Thread first = waiting.start(Priority.NORMAL, Duration.ofSeconds(1));
        long later = Duration.ofSeconds(2).toNanos();
        var second = new AtomicReference<Boolean>();
        Thread call = Thread.startVirtualThread(() -> {
            try {
                second.set(waiting.limiter().acquire(Priority.NORMAL, later, HOUR.toNanos()));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        first.join();
        assertThat(waiting.refused()).containsExactly(0);
        waiting.limiter().release();
        call.join();
        assertThat(second).hasValue(true);
    }

    @Test
    void a_lowered_limit_takes_back_only_as_many_admissions_as_exceed_it_W9() {
        var limiter = fixed(5);
        acquire(limiter, 5);
        assertThat(limiter.revoke()).isFalse();
        limiter.change(ConcurrencyPolicy.fixed(3));
        assertThat(limiter.revoke()).isTrue();
        limiter.release();
        assertThat(limiter.revoke()).isFalse();
        assertThat(limiter.inFlight()).isEqualTo(3);
    }

    /** A clock that stops a change of policy halfway, with the lock held, until the test continues it. */
    private static final class Halfway implements Time {
        private final CountDownLatch resume = new CountDownLatch(1);
        private volatile Thread changes;

        @Override
        public Instant instant() {
            return Instant.EPOCH;
        }

        @Override
        public long nanoTime() {
            if (Thread.currentThread().equals(changes)) {
                try {
                    resume.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return 0;
        }

        @Override
        public void park(Object blocker, long nanos) {
            LockSupport.park(blocker);
        }

        /** Starts a change to an adaptive limit, whose first window reads the clock. */
        Thread startChange(ConcurrencyLimiter limiter, int limit) {
            changes = Thread.ofVirtual().unstarted(() -> limiter.change(new ConcurrencyPolicy(true, limit, 5, HOUR)));
            changes.start();
            awaitWaiting(changes);
            return changes;
        }

        void resume() {
            resume.countDown();
        }
    }

    /** Waits until a thread waits or has ended. */
    private static void awaitWaiting(Thread thread) {
        while (thread.isAlive() && !WAITING.contains(thread.getState())) {
            Thread.yield();
        }
    }

    /** Starts a call on a thread of its own. */
    private static Thread start(ConcurrencyLimiter limiter, Duration waitMax, AtomicReference<Boolean> answer) {
        Thread thread = Thread.startVirtualThread(() -> {
            try {
                answer.set(limiter.acquire(waitMax));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        awaitWaiting(thread);
        return thread;
    }

    @Test
    void a_new_call_does_not_take_a_permit_on_its_way_to_a_waiting_call() throws InterruptedException {
        var halfway = new Halfway();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(5), halfway);
        acquire(limiter, 1);
        var first = new AtomicReference<Boolean>();
        Thread waiting = start(limiter, HOUR, first);
        Thread changes = halfway.startChange(limiter, 1);
        Thread ends = Thread.startVirtualThread(limiter::release);
        awaitWaiting(ends);
        var second = new AtomicReference<Boolean>();
        Thread call = start(limiter, Duration.ZERO, second);
        halfway.resume();
        call.join();
        assertThat(second).hasValue(false);
        waiting.join();
        assertThat(first).hasValue(true);
        ends.join();
        changes.join();
        assertThat(limiter.inFlight()).isEqualTo(1);
    }

    @Test
    void a_permit_released_just_before_a_call_queues_is_not_missed() throws InterruptedException {
        var halfway = new Halfway();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(5), halfway);
        acquire(limiter, 1);
        Thread changes = halfway.startChange(limiter, 1);
        var answer = new AtomicReference<Boolean>();
        Thread call = start(limiter, HOUR, answer);
        limiter.release();
        halfway.resume();
        call.join();
        assertThat(answer).hasValue(true);
        changes.join();
        assertThat(limiter.inFlight()).isEqualTo(1);
    }

    @Test
    void a_limit_raised_while_a_call_ends_loses_no_permit() throws InterruptedException {
        var halfway = new Halfway();
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(5), halfway);
        acquire(limiter, 5);
        limiter.change(ConcurrencyPolicy.fixed(2));
        Thread changes = halfway.startChange(limiter, 5);
        Thread ends = Thread.startVirtualThread(limiter::release);
        awaitWaiting(ends);
        halfway.resume();
        changes.join();
        ends.join();
        assertThat(limiter.inFlight()).isEqualTo(4);
        acquire(limiter, 1);
        assertThat(limiter.tryAcquire()).isFalse();
    }

    @Test
    void the_snapshot_contains_the_current_state() {
        var limiter = fixed(3);
        acquire(limiter, 2);
        var snapshot = limiter.snapshot();
        assertThat(snapshot.adaptive()).isFalse();
        assertThat(snapshot.limit()).isEqualTo(3);
        assertThat(snapshot.inFlight()).isEqualTo(2);
        assertThat(snapshot.queued()).isZero();
        assertThat(snapshot.baseline()).isEmpty();
        assertThat(snapshot.lastSample()).isEmpty();
        assertThat(snapshot.reason()).isEqualTo("the limit is fixed");
        assertThat(limiter.adaptive()).isFalse();
    }

    @Test
    void an_error_while_a_call_waits_keeps_neither_a_place_nor_a_permit_G6() {
        var error = new StackOverflowError();
        Time failing = new Time() {
            @Override
            public Instant instant() {
                return Instant.EPOCH;
            }

            @Override
            public long nanoTime() {
                return 1;
            }

            @Override
            public void park(Object blocker, long nanos) {
                throw error;
            }
        };
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(1), failing);
        acquire(limiter, 1);
        assertThatThrownBy(() -> limiter.acquire(HOUR)).isSameAs(error);
        assertThat(limiter.queued()).isZero();
        limiter.release();
        assertThat(limiter.inFlight()).isZero();
        acquire(limiter, 1);
    }

    @Test
    void a_deadline_that_passed_long_ago_is_no_wait_G15() throws InterruptedException {
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.adaptive(1).withQueue(1), time);
        for (int i = 0; i < 30; i++) {
            acquire(limiter, 1);
            time.advance(Duration.ofMillis(5));
            limiter.release("read", time.nanoTime() - 5_000_000, time.nanoTime(), 0, false);
        }
        acquire(limiter, 1);
        assertThat(limiter.snapshot().baseline()).isPresent();
        assertThat(limiter.acquire(Priority.NORMAL, time.nanoTime(), Long.MIN_VALUE))
                .isFalse();
    }
}
