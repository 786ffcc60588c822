package dev.treaty.resilience;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.limit.PermitPool;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races for permits: no permit is taken twice or lost. */
public final class PermitStress {
    private static final RateLimitPolicy TWO_AN_HOUR =
            new RateLimitPolicy(2, Duration.ofHours(1), 2, Duration.ZERO, Duration.ZERO);

    private static final RateLimitPolicy COLD =
            new RateLimitPolicy(1, Duration.ofHours(1), 2, Duration.ZERO, Duration.ofHours(4));

    private PermitStress() {}

    private static int one(boolean taken) {
        return taken ? 1 : 0;
    }

    /** Two calls take the only permit, from different stripes. */
    @JCStressTest
    @Description("One of them gets it.")
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "one")
    @State
    public static class Pool {
        private final PermitPool pool = new PermitPool(1, 2);

        @Actor
        public void one(II_Result r) {
            r.r1 = PermitStress.one(pool.take(0));
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = PermitStress.one(pool.take(1));
        }
    }

    /** The permit moves between stripes while another call takes it. */
    @JCStressTest
    @Description("Between take and put there may be none; afterwards there is exactly one.")
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "one in all")
    @State
    public static class PoolMoves {
        private final PermitPool pool = new PermitPool(1, 2);

        @Actor
        public void moves() {
            if (pool.take(0)) {
                pool.put(1, 1);
            }
        }

        @Actor
        public void takes(II_Result r) {
            r.r1 = PermitStress.one(pool.take(1));
        }

        @Arbiter
        public void after(II_Result r) {
            r.r2 = pool.available();
        }
    }

    /** A release and an acquire race for the only permit. */
    @JCStressTest
    @Description("A released permit is taken at most once, and counted.")
    @Outcome(
            id = {"0, 0", "1, 1"},
            expect = ACCEPTABLE,
            desc = "as many in flight as were admitted")
    @State
    public static class Limiter {
        private final ConcurrencyLimiter limiter =
                new ConcurrencyLimiter(ConcurrencyPolicy.fixed(1).withQueue(0), new ManualTime(), 1);

        public Limiter() {
            limiter.tryAcquire();
        }

        @Actor
        public void leaves() {
            limiter.release();
        }

        @Actor
        public void comes(II_Result r) {
            r.r1 = PermitStress.one(limiter.tryAcquire());
        }

        @Arbiter
        public void after(II_Result r) {
            r.r2 = limiter.inFlight();
        }
    }

    /** Two calls race, and then a third follows, for two permits. */
    @JCStressTest
    @Description("Two of three are admitted, whatever the order.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "the first two")
    @State
    public static class Rate {
        private final RateLimiter limiter = new RateLimiter(TWO_AN_HOUR, new ManualTime(), 0, 0);

        @Actor
        public void one(III_Result r) {
            r.r1 = PermitStress.one(limiter.tryAcquire());
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = PermitStress.one(limiter.tryAcquire());
        }

        @Arbiter
        public void third(III_Result r) {
            r.r3 = PermitStress.one(limiter.tryAcquire());
        }
    }

    /** Races during warm-up: the first permit costs nearly three. */
    @JCStressTest
    @Description("One of two is admitted, and no permit is left for a third.")
    @Outcome(
            id = {"1, 0, 0", "0, 1, 0"},
            expect = ACCEPTABLE,
            desc = "one")
    @State
    public static class ColdRate {
        private final RateLimiter limiter = new RateLimiter(COLD, new ManualTime(), 0, 0);

        @Actor
        public void one(III_Result r) {
            r.r1 = PermitStress.one(limiter.tryAcquire());
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = PermitStress.one(limiter.tryAcquire());
        }

        @Arbiter
        public void third(III_Result r) {
            r.r3 = PermitStress.one(limiter.tryAcquire());
        }
    }

    /** Races for the permits of a new key. */
    @JCStressTest
    @Description("Two of three calls of a key are admitted, whichever is first.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "the first two")
    @State
    public static class KeyedRate {
        private final KeyedRateLimiter<String> limiter = new KeyedRateLimiter<>(TWO_AN_HOUR, 10, new ManualTime());

        @Actor
        public void one(III_Result r) {
            r.r1 = PermitStress.one(limiter.tryAcquire("key"));
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = PermitStress.one(limiter.tryAcquire("key"));
        }

        @Arbiter
        public void third(III_Result r) {
            r.r3 = PermitStress.one(limiter.tryAcquire("key"));
        }
    }
}
