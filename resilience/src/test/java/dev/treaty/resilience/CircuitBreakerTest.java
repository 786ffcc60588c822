package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker.Mode;
import dev.treaty.resilience.CircuitBreaker.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private static final Duration OPEN = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime();
    private final List<String> changes = new ArrayList<>();
    private CircuitBreakerPolicy policy = CircuitBreakerPolicy.DEFAULT
            .withConsecutiveFailures(3)
            .withFailureRate(0.5, 10)
            .withOpen(OPEN, Duration.ofSeconds(8));
    private CircuitBreaker breaker = breaker(policy);
    private Runnable meanwhile = () -> {};

    private CircuitBreaker breaker(CircuitBreakerPolicy changed) {
        return breaker(changed, time, new Random(1));
    }

    private CircuitBreaker breaker(CircuitBreakerPolicy changed, Time clock, RandomGenerator random) {
        policy = changed;
        breaker = new CircuitBreaker(policy, clock, random, (before, after, _) -> changes.add(before + " to " + after));
        return breaker;
    }

    /** What another thread does at this moment, once. */
    private void meanwhile() {
        Runnable once = meanwhile;
        meanwhile = () -> {};
        once.run();
    }

    /** A clock that runs an action when it is read. */
    private final class Eventful implements Time {
        @Override
        public Instant instant() {
            return time.instant();
        }

        @Override
        public long nanoTime() {
            meanwhile();
            return time.nanoTime();
        }

        @Override
        public void park(Object blocker, long nanos) {
            time.park(blocker, nanos);
        }
    }

    private void succeed(int times) {
        for (int i = 0; i < times; i++) {
            breaker.succeeded(breaker.tryAcquire());
        }
    }

    private long[] trials(int times) {
        return LongStream.generate(breaker::tryAcquire).limit(times).toArray();
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            breaker.failed(breaker.tryAcquire());
        }
    }

    private void pastOpen() {
        time.advance(OPEN.multipliedBy(9).dividedBy(8)); // the jitter adds at most an eighth
    }

    @Test
    void opens_after_failures_in_a_row_and_refuses_calls() {
        fail(2);
        breaker.succeeded(breaker.tryAcquire());
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        fail(1);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.available(time.nanoTime())).isFalse();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(changes).containsExactly("CLOSED to OPEN");
    }

    @Test
    void opens_on_a_failure_rate_once_there_are_enough_calls() {
        for (int i = 0; i < 4; i++) {
            fail(1);
            breaker.succeeded(breaker.tryAcquire());
        }
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.succeeded(breaker.tryAcquire());
        fail(1);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void outcomes_leave_the_window() {
        for (int i = 0; i < 4; i++) {
            fail(1);
            breaker.succeeded(breaker.tryAcquire());
        }
        time.advance(Duration.ofSeconds(11));
        breaker.succeeded(breaker.tryAcquire());
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.snapshot().failures()).isEqualTo(2);
        assertThat(breaker.snapshot().successes()).isEqualTo(1);
        breaker(policy.withWindowCalls(10).withWindow(Duration.ofMinutes(1)));
        fail(2);
        time.advance(Duration.ofSeconds(50));
        assertThat(breaker.snapshot().failures()).isEqualTo(2);
        time.advance(Duration.ofSeconds(10));
        assertThat(breaker.snapshot().failures()).isZero();
    }

    @Test
    void one_trial_at_a_time_passes_and_closes_the_breaker() {
        fail(3);
        pastOpen();
        assertThat(breaker.available(time.nanoTime())).isTrue();
        long trial = breaker.tryAcquire();
        assertThat(trial).isNotEqualTo(CircuitBreaker.REFUSED);
        assertThat(breaker.available(time.nanoTime())).isFalse();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(trial);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(changes).containsExactly("CLOSED to OPEN", "OPEN to HALF_OPEN", "HALF_OPEN to CLOSED");
    }

    @Test
    void each_failed_trial_doubles_the_open_time_up_to_its_maximum() {
        fail(3);
        for (int seconds : new int[] {1, 2, 4, 8, 8}) {
            assertThat(breaker.snapshot().timeout()).isEqualTo(Duration.ofSeconds(seconds));
            time.advance(
                    Duration.ofSeconds(seconds).multipliedBy(7).dividedBy(8).minusNanos(1));
            assertThat(breaker.available(time.nanoTime())).isFalse();
            time.advance(Duration.ofSeconds(seconds).dividedBy(4).plusNanos(1));
            breaker.failed(breaker.tryAcquire());
        }
    }

    @Test
    void a_late_success_does_not_close_an_open_breaker() {
        long slow = breaker.tryAcquire();
        fail(3);
        breaker.succeeded(slow);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        pastOpen();
        long trial = breaker.tryAcquire();
        breaker.succeeded(slow);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.failed(slow);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.succeeded(trial);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_lost_trial_does_not_keep_the_breaker_half_open() {
        fail(3);
        pastOpen();
        long lost = breaker.tryAcquire();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        time.advance(Duration.ofSeconds(8));
        long next = breaker.tryAcquire();
        assertThat(next).isNotEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(next);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.failed(lost);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void calls_longer_than_a_lease_close_the_breaker() {
        breaker(policy.withHalfOpenCalls(2).withOpen(OPEN, OPEN));
        fail(3);
        pastOpen();
        long[] first = trials(2);
        time.advance(OPEN);
        long[] second = trials(2);
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        time.advance(OPEN.dividedBy(5));
        breaker.succeeded(first[0]);
        breaker.succeeded(first[0]); // a trial counts once
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(first[1]);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.failed(second[0]);
        assertThat(breaker.snapshot().failures()).isZero();
    }

    @Test
    void a_trial_that_fails_after_its_lease_opens_the_breaker() {
        fail(3);
        pastOpen();
        long late = breaker.tryAcquire();
        time.advance(Duration.ofSeconds(8));
        long next = breaker.tryAcquire();
        breaker.failed(late);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        breaker.succeeded(next);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.snapshot().timeout()).isEqualTo(OPEN.multipliedBy(2));
    }

    @Test
    void after_an_ignored_trial_the_next_passes_at_once() {
        fail(3);
        pastOpen();
        breaker.ignored(breaker.tryAcquire());
        assertThat(breaker.available(time.nanoTime())).isTrue();
        breaker.succeeded(breaker.tryAcquire());
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_trial_that_fails_while_another_is_ignored_opens_the_breaker() {
        breaker(policy.withHalfOpenCalls(2), time, () -> {
            meanwhile();
            return 1;
        });
        fail(3);
        pastOpen();
        long[] trials = trials(2);
        meanwhile = () -> breaker.ignored(trials[1]);
        breaker.failed(trials[0]);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.snapshot().timeout()).isEqualTo(OPEN.multipliedBy(2));
    }

    @Test
    void an_operator_prevails_over_concurrent_outcomes() {
        breaker(policy, new Eventful(), new Random(1));
        meanwhile = () -> breaker.reset();
        breaker.forceOpen();
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.FORCED_OPEN);
        meanwhile = () -> breaker.disable();
        breaker.automatic();
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.AUTOMATIC);
        meanwhile = () -> breaker.forceOpen();
        breaker.reset();
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.AUTOMATIC);
    }

    @Test
    void reset_closes_the_breaker_and_clears_its_window() {
        long before = breaker.tryAcquire();
        fail(3);
        breaker.reset();
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.succeeded(before);
        for (int i = 0; i < 3; i++) {
            breaker.failed(before);
        }
        assertThat(breaker.snapshot().successes())
                .as("admitted in an earlier epoch")
                .isZero();
        assertThat(breaker.snapshot().failures()).isZero();
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void slow_calls_open_the_breaker_whether_they_succeed_or_fail() {
        long slow = Duration.ofMillis(100).toNanos();
        breaker(policy.withSlowRate(0.4, Duration.ofMillis(100)).withConsecutiveFailures(100));
        succeed(6);
        for (int i = 0; i < 2; i++) {
            breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow);
        }
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow - 1);
        breaker.failed(breaker.tryAcquire(), time.nanoTime(), slow - 1);
        assertThat(breaker.snapshot().slow()).isEqualTo(2);
        breaker.failed(breaker.tryAcquire(), time.nanoTime(), slow);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.snapshot().slow()).isEqualTo(3);
        assertThat(breaker.snapshot().successes()).isEqualTo(9);
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow);
        assertThat(breaker.state()).isEqualTo(State.CLOSED); // 4 of 12
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), 2 * slow);
        assertThat(breaker.state()).isEqualTo(State.CLOSED); // 5 of 13
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow);
        assertThat(breaker.snapshot().reason()).isEqualTo("6 of 14 calls were slow");
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void a_rate_of_zero_opens_with_the_first_failed_or_slow_call() {
        long slow = Duration.ofMillis(100).toNanos();
        breaker(policy.withFailureRate(0, 1).withSlowRate(1, Duration.ofMillis(100)));
        succeed(1);
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        fail(1);
        assertThat(breaker.snapshot().reason()).isEqualTo("1 of 3 calls failed");
        breaker(policy.withFailureRate(1, 1).withSlowRate(0, Duration.ofMillis(100)));
        succeed(1);
        fail(1);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), slow);
        assertThat(breaker.snapshot().reason()).isEqualTo("1 of 3 calls were slow");
    }

    @Test
    void a_slow_success_ends_a_row_of_failures() {
        breaker(policy.withSlowRate(1, Duration.ofMillis(1)));
        fail(2);
        breaker.succeeded(breaker.tryAcquire(), time.nanoTime(), 1_000_000);
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_slow_trial_opens_the_breaker_again() {
        breaker(policy.withSlowRate(0.9, Duration.ofMillis(100)));
        fail(3);
        pastOpen();
        breaker.succeeded(
                breaker.tryAcquire(), time.nanoTime(), Duration.ofMillis(100).toNanos());
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.snapshot().reason()).isEqualTo("a trial was slow");
        assertThat(breaker.snapshot().timeout()).isEqualTo(OPEN.multipliedBy(2));
    }

    @Test
    void outcomes_leave_a_count_based_window_by_calls_and_not_by_time() {
        breaker(policy.withWindowCalls(10).withConsecutiveFailures(100));
        fail(4);
        time.advance(Duration.ofDays(1000));
        succeed(5);
        assertThat(breaker.snapshot().failures()).isEqualTo(4);
        succeed(2); // eleven calls, of which the first has left the window
        assertThat(breaker.snapshot().failures()).isEqualTo(3);
        assertThat(breaker.snapshot().successes()).isEqualTo(7);
        fail(2); // two more leave the window
        assertThat(breaker.snapshot().failures()).isEqualTo(3);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        fail(3);
        assertThat(breaker.snapshot().reason()).isEqualTo("5 of 10 calls failed");
    }

    @Test
    void several_trials_pass_and_all_must_succeed() {
        breaker(policy.withHalfOpenCalls(3));
        fail(3);
        pastOpen();
        long[] trials = trials(3);
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(trials[1]);
        breaker.succeeded(trials[1]); // a trial counts once
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(trials[0]);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.succeeded(trials[2]);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.snapshot().reason()).isEqualTo("3 trials succeeded");
    }

    @Test
    void one_failed_trial_of_several_opens_the_breaker_and_the_others_no_longer_count() {
        breaker(policy.withHalfOpenCalls(2));
        fail(3);
        pastOpen();
        long[] trials = trials(2);
        breaker.failed(trials[0]);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        breaker.succeeded(trials[1]);
        pastOpen();
        pastOpen();
        long[] next = trials(2);
        breaker.succeeded(trials[1]);
        breaker.failed(trials[1]);
        breaker.ignored(trials[1]);
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(next[0]);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.succeeded(next[1]);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void the_outcome_of_a_trial_expires() {
        fail(3);
        pastOpen();
        long late = breaker.tryAcquire();
        time.advance(Duration.ofSeconds(8).minusNanos(1));
        assertThat(breaker.available(time.nanoTime())).isFalse();
        time.advance(Duration.ofNanos(1));
        assertThat(breaker.available(time.nanoTime())).isTrue();
        time.advance(Duration.ofSeconds(8).multipliedBy(99));
        breaker.succeeded(late);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
    }

    @Test
    void the_breaker_is_half_open_after_its_open_time_even_without_calls() {
        fail(3);
        Instant opened = time.instant();
        pastOpen();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.snapshot().state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.snapshot().lastStateChange())
                .hasValueSatisfying(change -> assertThat(change)
                        .isBetween(opened.plus(OPEN.multipliedBy(7).dividedBy(8)), time.instant()));
        assertThat(changes).containsExactly("CLOSED to OPEN"); // with the first trial
    }

    @Test
    void a_forced_open_breaker_refuses_calls_whatever_the_outcomes() {
        long before = breaker.tryAcquire();
        breaker.forceOpen();
        breaker.forceOpen();
        breaker.succeeded(before);
        breaker.ignored(before);
        time.advance(Duration.ofDays(1));
        assertThat(breaker.available(time.nanoTime())).isFalse();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.FORCED_OPEN);
        assertThat(breaker.snapshot().reason()).isEqualTo("forced open by an operator");
        assertThat(changes).containsExactly("CLOSED to OPEN");
    }

    @Test
    void a_disabled_breaker_admits_calls_whatever_the_outcomes() {
        fail(3);
        breaker.disable();
        fail(100);
        assertThat(breaker.available(time.nanoTime())).isTrue();
        assertThat(breaker.tryAcquire()).isNotEqualTo(CircuitBreaker.REFUSED);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.DISABLED);
        assertThat(breaker.snapshot().failures()).isZero();
        assertThat(changes).containsExactly("CLOSED to OPEN", "OPEN to CLOSED");
    }

    @Test
    void automatic_mode_starts_closed_and_ignores_earlier_admissions() {
        breaker.disable();
        long disabled = breaker.tryAcquire();
        assertThat(disabled).isNotEqualTo(CircuitBreaker.REFUSED);
        breaker.automatic();
        for (int i = 0; i < 100; i++) {
            breaker.failed(disabled);
        }
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.AUTOMATIC);
        assertThat(changes).containsExactly("CLOSED to CLOSED", "CLOSED to CLOSED");
        fail(2);
        breaker.automatic(); // it is automatic already: no change
        fail(1);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        breaker.automatic();
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        breaker.forceOpen();
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.FORCED_OPEN);
        breaker.reset();
        assertThat(breaker.snapshot().mode()).isEqualTo(Mode.AUTOMATIC);
        assertThat(breaker.snapshot().reason()).isEqualTo("reset by an operator");
        assertThat(breaker.available(time.nanoTime())).isTrue();
    }

    @Test
    void failures_in_a_row_are_checked_before_rates() {
        breaker(policy.withConsecutiveFailures(10));
        fail(10);
        assertThat(breaker.snapshot().reason()).isEqualTo("10 failures in a row");
    }

    @Test
    void the_snapshot_keeps_the_last_success() {
        time.advance(Duration.ofMinutes(1));
        succeed(1);
        Instant success = time.instant();
        time.advance(Duration.ofMinutes(1));
        fail(3);
        assertThat(breaker.snapshot().lastSuccess()).contains(success);
        assertThat(breaker.snapshot().lastFailure()).contains(time.instant());
        breaker.reset();
        assertThat(breaker.snapshot().lastSuccess()).contains(success);
    }

    @Test
    void the_snapshot_contains_all_fields() {
        assertThat(breaker.snapshot().lastFailure()).isEmpty();
        assertThat(breaker.snapshot().lastSuccess()).isEmpty();
        assertThat(breaker.snapshot().lastStateChange()).isEmpty();
        assertThat(breaker.snapshot().reason()).isEmpty();
        assertThat(breaker.snapshot().timeout()).as("the next open time").isEqualTo(OPEN);
        time.advance(Duration.ofMinutes(1));
        breaker.succeeded(breaker.tryAcquire());
        fail(3);
        CircuitBreaker.Snapshot snapshot = breaker.snapshot();
        assertThat(snapshot.state()).isEqualTo(State.OPEN);
        assertThat(snapshot.threshold()).isEqualTo(3);
        assertThat(snapshot.lastFailure()).contains(time.instant());
        assertThat(snapshot.lastSuccess()).contains(time.instant());
        assertThat(snapshot.lastStateChange()).contains(time.instant());
        assertThat(snapshot.timeout()).isEqualTo(OPEN);
        assertThat(snapshot.mode()).isEqualTo(Mode.AUTOMATIC);
        assertThat(snapshot.reason()).isEqualTo("3 failures in a row");
    }

    @Test
    void a_listener_that_throws_changes_nothing_G7() {
        var failing = new CircuitBreaker(policy, time, new Random(1), (before, after, _) -> {
            changes.add(before + " to " + after);
            throw new AssertionError("broken");
        });
        for (int i = 0; i < 3; i++) {
            failing.failed(failing.tryAcquire());
        }
        assertThat(failing.state()).isEqualTo(State.OPEN);
        time.advance(OPEN.multipliedBy(2));
        failing.succeeded(failing.tryAcquire());
        assertThat(failing.state()).isEqualTo(State.CLOSED);
        failing.forceOpen();
        assertThat(failing.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(changes).hasSize(4);
    }

    @Test
    void a_breaker_with_another_policy_keeps_what_an_operator_has_forced_G11() {
        var touchy = policy.withConsecutiveFailures(1);
        breaker.forceOpen();
        assertThat(breaker.with(touchy).snapshot().mode()).isEqualTo(Mode.FORCED_OPEN);
        assertThat(breaker.with(touchy).tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.disable();
        assertThat(breaker.with(touchy).snapshot().mode()).isEqualTo(Mode.DISABLED);
        breaker.automatic();
        long admission = breaker.tryAcquire();
        CircuitBreaker next = breaker.with(touchy);
        next.failed(admission);
        assertThat(next.state()).as("a call of the breaker before").isEqualTo(State.CLOSED);
        next.failed(next.tryAcquire());
        assertThat(next.state()).isEqualTo(State.OPEN);
    }

    @Test
    void a_policy_forces_a_breaker_open_or_closed_until_another_policy_replaces_it() {
        CircuitBreakerPolicy usual = CircuitBreakerPolicy.DEFAULT;
        CircuitBreaker open = breaker(usual).with(usual.withForced(CircuitBreakerPolicy.Forced.OPEN));
        assertThat(open.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(open.forcedOpen()).isTrue();
        open.reset();
        open.disable();
        assertThat(open.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(open.snapshot().reason()).isEqualTo("forced open by the settings");

        CircuitBreaker closed = open.with(usual.withForced(CircuitBreakerPolicy.Forced.CLOSED));
        for (int i = 0; i < 10; i++) {
            closed.failed(closed.tryAcquire());
        }
        assertThat(closed.state()).isEqualTo(CircuitBreaker.State.CLOSED);

        CircuitBreaker automatic = closed.with(usual);
        assertThat(automatic.snapshot().mode()).isEqualTo(CircuitBreaker.Mode.AUTOMATIC);
        for (int i = 0; i < 5; i++) {
            automatic.failed(automatic.tryAcquire());
        }
        assertThat(automatic.state()).isEqualTo(CircuitBreaker.State.OPEN);
    }
}
