package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.CircuitBreaker.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private static final Duration OPEN = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime();
    private final List<String> changes = new ArrayList<>();
    private final CircuitBreaker breaker =
            breaker(new CircuitBreakerPolicy(3, 0.5, 10, Duration.ofSeconds(10), OPEN, Duration.ofSeconds(8)));

    private CircuitBreaker breaker(CircuitBreakerPolicy policy) {
        return new CircuitBreaker(
                policy, time, new Random(1), (before, after, _) -> changes.add(before + " to " + after));
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
    void opensAfterFailuresInARowAndRefuses() {
        fail(2);
        breaker.succeeded(breaker.tryAcquire());
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        fail(1);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.available()).isFalse();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        assertThat(changes).containsExactly("CLOSED to OPEN");
    }

    @Test
    void opensOnAFailureRateOnceThereAreEnoughCalls() {
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
    void theWindowForgets() {
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
    }

    @Test
    void oneTrialAtATimePassesAndClosesIt() {
        fail(3);
        pastOpen();
        assertThat(breaker.available()).isTrue();
        long trial = breaker.tryAcquire();
        assertThat(trial).isNotEqualTo(CircuitBreaker.REFUSED);
        assertThat(breaker.available()).isFalse();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        breaker.succeeded(trial);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(changes).containsExactly("CLOSED to OPEN", "OPEN to HALF_OPEN", "HALF_OPEN to CLOSED");
    }

    @Test
    void eachFailedTrialDoublesTheOpenTimeUpToItsMaximum() {
        fail(3);
        for (int seconds : new int[] {1, 2, 4, 8, 8}) {
            assertThat(breaker.snapshot().timeout()).isEqualTo(Duration.ofSeconds(seconds));
            time.advance(
                    Duration.ofSeconds(seconds).multipliedBy(7).dividedBy(8).minusNanos(1));
            assertThat(breaker.available()).isFalse();
            time.advance(Duration.ofSeconds(seconds).dividedBy(4).plusNanos(1));
            breaker.failed(breaker.tryAcquire());
        }
    }

    @Test
    void aLateSuccessCannotCloseAnOpenCircuit() {
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
    void aLostTrialCannotStickItHalfOpen() {
        fail(3);
        pastOpen();
        long lost = breaker.tryAcquire();
        assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
        time.advance(Duration.ofSeconds(8));
        long next = breaker.tryAcquire();
        assertThat(next).isNotEqualTo(CircuitBreaker.REFUSED);
        breaker.failed(lost);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.succeeded(next);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void aTrialGivenBackLetsTheNextPassAtOnce() {
        fail(3);
        pastOpen();
        breaker.ignored(breaker.tryAcquire());
        assertThat(breaker.available()).isTrue();
        breaker.succeeded(breaker.tryAcquire());
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void resetClosesAndForgets() {
        fail(3);
        breaker.reset();
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        fail(2);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void theSnapshotTellsWhatTheSeedSystemTold() {
        assertThat(breaker.snapshot().lastFailure()).isEmpty();
        time.advance(Duration.ofMinutes(1));
        breaker.succeeded(breaker.tryAcquire());
        fail(3);
        CircuitBreaker.Snapshot snapshot = breaker.snapshot();
        assertThat(snapshot.state()).isEqualTo(State.OPEN);
        assertThat(snapshot.threshold()).isEqualTo(3);
        assertThat(snapshot.lastFailure()).contains(time.instant());
        assertThat(snapshot.lastSuccess()).contains(time.instant());
        assertThat(snapshot.lastStateChange()).contains(time.instant());
    }
}
