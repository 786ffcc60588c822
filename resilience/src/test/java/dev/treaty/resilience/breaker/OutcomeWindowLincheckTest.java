package dev.treaty.resilience.breaker;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * Successes, failures and reads of several threads are linearizable. With one stripe, since the sum of several is exact
 * only while no thread adds to it; the stress test covers that.
 */
public class OutcomeWindowLincheckTest {
    private static final long BUCKET = 100;

    /** The operations; public, since Lincheck calls them by reflection. */
    public abstract static class Subject {
        private final OutcomeWindow window;

        Subject(OutcomeWindow window) {
            this.window = window;
        }

        @Operation
        public void succeeded() {
            window.succeeded(0);
        }

        @Operation
        public String failed() {
            return window.add(true, false, 0).toString();
        }

        @Operation
        public String slow() {
            return window.add(false, true, 0).toString();
        }

        @Operation
        public String counts() {
            return window.counts(0).toString();
        }
    }

    /** A time-based window. */
    public static class OfTime extends Subject {
        public OfTime() {
            super(new TimeWindow(10 * BUCKET, 1, 0));
        }
    }

    /** A count-based window so small that outcomes leave it. */
    public static class OfCalls extends Subject {
        public OfCalls() {
            super(new CountWindow(2, 1, 0));
        }
    }

    private static ModelCheckingOptions options() {
        return new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(3)
                .iterations(4)
                .invocationsPerIteration(150);
    }

    @Test
    void the_time_based_window_is_linearizable() {
        options().check(OfTime.class);
    }

    @Test
    void the_count_based_window_is_linearizable() {
        options().check(OfCalls.class);
    }
}
