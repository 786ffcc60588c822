package dev.treaty.resilience;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.Random;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** A half-open breaker admits trials, counts outcomes and obeys operators as if all calls were sequential. */
public class CircuitBreakerLincheckTest {
    private static final long SECOND = 1_000_000_000;

    /** Half-open from the start, with two trials; outcomes of refused trials are reported too, without effect. */
    public static class Subject {
        private final CircuitBreaker breaker = new CircuitBreaker(
                CircuitBreakerPolicy.DEFAULT
                        .withConsecutiveFailures(1)
                        .withOpen(Duration.ofNanos(1), Duration.ofSeconds(1))
                        .withHalfOpenCalls(2),
                new ManualTime(),
                new Random(1),
                (_, _, _) -> {},
                1);

        public Subject() {
            breaker.failed(breaker.tryAcquire(0), 0, 0);
        }

        @Operation
        public long tryAcquire() {
            return breaker.tryAcquire(10);
        }

        @Operation
        public boolean available() {
            return breaker.available(10);
        }

        @Operation
        public void firstTrialSucceeds() {
            breaker.succeeded(2, 10, 0);
        }

        @Operation
        public void secondTrialSucceeds() {
            breaker.succeeded(3, 10, 0);
        }

        @Operation
        public void firstTrialFails() {
            breaker.failed(2, 10, 0);
        }

        @Operation
        public void secondTrialIsIgnored() {
            breaker.ignored(3);
        }

        @Operation
        public boolean availableOnceLeasesHaveEnded() {
            return breaker.available(10 + SECOND);
        }

        @Operation
        public void reset() {
            breaker.reset();
        }

        @Operation
        public String standing() {
            CircuitBreaker.Snapshot snapshot = breaker.snapshot();
            return snapshot.state() + " " + snapshot.mode() + " " + snapshot.reason();
        }

        @Operation
        public void forceOpen() {
            breaker.forceOpen();
        }
    }

    @Test
    void the_breaker_is_linearizable() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(3)
                .iterations(4)
                .invocationsPerIteration(100)
                .check(Subject.class);
    }
}
