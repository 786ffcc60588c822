package dev.treaty.resilience;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.breaker.CountWindow;
import dev.treaty.resilience.breaker.OutcomeWindow;
import dev.treaty.resilience.breaker.TimeWindow;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.limit.AdaptiveLimit;
import dev.treaty.resilience.limit.Throttle;
import dev.treaty.resilience.retry.LatencyWindow;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Races of counters: nothing is lost or counted twice. */
public final class WindowStress {
    private WindowStress() {}

    private static void counts(OutcomeWindow window, II_Result r) {
        var counts = window.counts(0);
        r.r1 = (int) counts.calls();
        r.r2 = (int) counts.failures();
    }

    /** Two successes in one stripe and a failure, in a time-based window. */
    @JCStressTest
    @Description("A time-based window has all three.")
    @Outcome(id = "3, 1", expect = ACCEPTABLE, desc = "all")
    @State
    public static class Time {
        private final OutcomeWindow window = new TimeWindow(1_000, 2, 0);

        @Actor
        public void one() {
            window.succeeded(0, 0);
        }

        @Actor
        public void other() {
            window.succeeded(0, 0);
        }

        @Actor
        public void fails() {
            window.add(true, false, 0);
        }

        @Arbiter
        public void after(II_Result r) {
            counts(window, r);
        }
    }

    /** Two successes in one stripe and a failure, in a count-based window. */
    @JCStressTest
    @Description("A count-based window has all three.")
    @Outcome(id = "3, 1", expect = ACCEPTABLE, desc = "all")
    @State
    public static class Count {
        private final OutcomeWindow window = new CountWindow(10, 2, 0);

        @Actor
        public void one() {
            window.succeeded(0, 0);
        }

        @Actor
        public void other() {
            window.succeeded(1, 0);
        }

        @Actor
        public void fails() {
            window.add(true, false, 0);
        }

        @Arbiter
        public void after(II_Result r) {
            counts(window, r);
        }
    }

    /** The last three calls that a window of an adaptive limit requires. */
    @JCStressTest
    @Description("The window has all three, which is enough.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "all")
    @State
    public static class Samples {
        private final AdaptiveLimit limit = new AdaptiveLimit(ConcurrencyPolicy.adaptive(10), 1, 0);

        public Samples() {
            for (int i = 3; i < AdaptiveLimit.CALLS_MIN; i++) {
                limit.add("", 0, 1_000_000, 0, false);
            }
        }

        @Actor
        public void one() {
            limit.add("", 0, 1_000_000, 0, false);
        }

        @Actor
        public void other() {
            limit.add("", 0, 3_000_000, 0, false);
        }

        @Actor
        public void late() {
            limit.add("", 0, 1_000_000, 0, true);
        }

        @Arbiter
        public void after(I_Result r) {
            r.r1 = limit.next(false, 0, AdaptiveLimit.WINDOW.toNanos()) ? 1 : 0;
        }
    }

    /** The last two samples that a percentile requires. */
    @JCStressTest
    @Description("The window has both, which is enough.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "both")
    @State
    public static class Latencies {
        private final LatencyWindow window = new LatencyWindow(0);

        public Latencies() {
            for (int i = 2; i < LatencyWindow.SAMPLES_MIN; i++) {
                window.add(1_000_000, 0);
            }
        }

        @Actor
        public void one() {
            window.add(1_000_000, 0);
        }

        @Actor
        public void other() {
            window.add(1_000_000, 0);
        }

        @Arbiter
        public void after(I_Result r) {
            r.r1 = window.percentileNanos(0.5) > 0 ? 1 : 0;
        }
    }

    /** Two reports to a throttle. */
    @JCStressTest
    @Description("The throttle counts both.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "both")
    @State
    public static class Throttled {
        private final Throttle throttle = new Throttle(ThrottlePolicy.DEFAULT, new ManualTime(), 1);

        @Actor
        public void accepted() {
            throttle.report(0, true, 0);
        }

        @Actor
        public void rejected() {
            throttle.report(0, false, 0);
        }

        @Arbiter
        public void after(II_Result r) {
            r.r1 = (int) throttle.requests(0);
            r.r2 = (int) throttle.accepts(0);
        }
    }

    /** Two calls, one of which failed. */
    @JCStressTest
    @Description("The counters have all of it.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "all")
    @State
    public static class Tallied {
        private final GuardCounters tally = new GuardCounters(1);

        @Actor
        public void one() {
            tally.add(GuardCounters.Count.CALLS);
            tally.add(GuardCounters.Count.FALLBACKS_SERVED);
        }

        @Actor
        public void other() {
            tally.add(GuardCounters.Count.CALLS);
        }

        @Arbiter
        @SuppressWarnings("EnumOrdinal") // the order of the counters is that of the constants
        public void after(II_Result r) {
            var sums = new long[GuardCounters.COUNTS];
            tally.addTo(sums);
            r.r1 = (int) sums[GuardCounters.Count.CALLS.ordinal()];
            r.r2 = (int) sums[GuardCounters.Count.FALLBACKS_SERVED.ordinal()];
        }
    }
}
