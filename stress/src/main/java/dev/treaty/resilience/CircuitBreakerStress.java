package dev.treaty.resilience;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.SplittableRandom;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Races of a {@link CircuitBreaker}. */
public final class CircuitBreakerStress {
    private static final Duration OPEN = Duration.ofSeconds(1);
    private static final long LATER = Duration.ofSeconds(2).toNanos();

    private CircuitBreakerStress() {}

    private static CircuitBreaker breaker() {
        var policy = CircuitBreakerPolicy.DEFAULT
                .withConsecutiveFailures(1)
                .withOpen(OPEN, OPEN)
                .withHalfOpenCalls(1);
        return new CircuitBreaker(policy, new ManualTime(), new SplittableRandom(1), (_, _, _) -> {});
    }

    private static CircuitBreaker opened() {
        CircuitBreaker breaker = breaker();
        breaker.failed(breaker.tryAcquire(0), 0, 0);
        return breaker;
    }

    private static int admitted(long admission) {
        return admission == CircuitBreaker.REFUSED ? 0 : 1;
    }

    /** The open time is over, and two calls race for the trial. */
    @JCStressTest
    @Description("Exactly one trial passes.")
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "one trial")
    @State
    public static class Trials {
        private final CircuitBreaker breaker = opened();

        @Actor
        public void one(II_Result r) {
            r.r1 = admitted(breaker.tryAcquire(LATER));
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = admitted(breaker.tryAcquire(LATER));
        }
    }

    /** A failure opens the breaker while a concurrent call succeeds. */
    @JCStressTest
    @Description("A late success does not close an open breaker.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "open")
    @State
    public static class LateSuccess {
        private final CircuitBreaker breaker = breaker();
        private final long admission = breaker.tryAcquire(0);

        @Actor
        public void fails() {
            breaker.failed(admission, 1, 1);
        }

        @Actor
        public void succeeds() {
            breaker.succeeded(admission, 1, 1);
        }

        @Arbiter
        public void after(I_Result r) {
            r.r1 = breaker.available(1) ? 0 : 1;
        }
    }

    /** A trial is ignored while another call asks for one. */
    @JCStressTest
    @Description("An ignored trial is available to exactly one other call.")
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "one other trial")
    @State
    public static class Ignored {
        private final CircuitBreaker breaker = opened();
        private final long trial = breaker.tryAcquire(LATER);

        @Actor
        public void ignores() {
            breaker.ignored(trial);
        }

        @Actor
        public void asks(II_Result r) {
            r.r1 = admitted(breaker.tryAcquire(LATER));
        }

        @Arbiter
        public void after(II_Result r) {
            r.r2 = admitted(breaker.tryAcquire(LATER));
        }
    }

    /** The trial succeeds while an operator forces the breaker open. */
    @JCStressTest
    @Description("A forced breaker stays open.")
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "refuses")
    @State
    public static class Forced {
        private final CircuitBreaker breaker = opened();
        private final long trial = breaker.tryAcquire(LATER);

        @Actor
        public void succeeds() {
            breaker.succeeded(trial, LATER, 1);
        }

        @Actor
        public void forces() {
            breaker.forceOpen();
        }

        @Arbiter
        public void after(I_Result r) {
            r.r1 = admitted(breaker.tryAcquire(2 * LATER));
        }
    }
}
