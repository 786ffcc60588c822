package dev.treaty.resilience;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import dev.treaty.core.timeout.Watchdog;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races between a call that ends and the watchdog that finds its time up, on which timeouts and hedges rely. */
public final class WatchStress {
    private static final long DUE = 100;

    private WatchStress() {}

    abstract static class Watched {
        final Watchdog.Watch watch = new Watchdog.Watch();
        private int fires; // not volatile: disarm makes the effects of firing visible

        Watched() {
            watch.claim();
            arm(DUE);
        }

        final void arm(long at) {
            watch.arm(Thread.currentThread(), at, () -> fires++);
        }

        final int fires() {
            return fires;
        }
    }

    /** The call ends while its watch is about to fire. */
    @JCStressTest
    @Description("It has fired exactly if disarm returns true, and the effects of firing are visible.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "ended in time")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "fired")
    @State
    public static class Ends extends Watched {
        @Actor
        public void looks() {
            watch.check(DUE, Long.MAX_VALUE, _ -> {});
        }

        @Actor
        public void ends(II_Result r) {
            r.r1 = watch.disarm() ? 1 : 0;
            r.r2 = fires();
        }
    }

    /** The call ends and a later call claims the watch while the first call's time is up. */
    @JCStressTest
    @Description("The later call's watch does not fire for the earlier call.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the first ended in time")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "it fired for the first")
    @State
    public static class Reused extends Watched {
        @Actor
        public void looks() {
            watch.check(DUE, Long.MAX_VALUE, _ -> {});
        }

        @Actor
        public void endsAndBegins(II_Result r) {
            r.r1 = watch.disarm() ? 1 : 0;
            if (watch.claim()) {
                arm(2 * DUE);
            }
        }

        @Arbiter
        public void after(II_Result r) {
            r.r1 += watch.disarm() ? 10 : 0;
            r.r2 = fires();
        }
    }

    /** Two calls claim the only free watch. */
    @JCStressTest
    @Description("One of them gets it.")
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "one")
    @State
    public static class Claimed {
        private final Watchdog.Watch watch = new Watchdog.Watch();

        @Actor
        public void one(II_Result r) {
            r.r1 = watch.claim() ? 1 : 0;
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = watch.claim() ? 1 : 0;
        }
    }
}
