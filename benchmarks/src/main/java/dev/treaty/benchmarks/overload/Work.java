package dev.treaty.benchmarks.overload;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

/** The services that are overloaded. */
final class Work {
    private Work() {}

    /** Does the work. */
    @Contract(name = "bench.Bottom", version = "1.0.0")
    interface Bottom {
        /** Needs one of eight permits for 20 ms, or a processor for 20 ms. */
        @Idempotent
        String work(String what);

        /** Takes a millisecond. */
        @Idempotent
        String quick(String what);

        /** Takes five seconds. */
        @Idempotent
        String slow(String what);
    }

    /** Calls the service below. */
    @Contract(name = "bench.Middle", version = "1.0.0")
    interface Middle {
        @Idempotent
        String work(String what);
    }

    /** Calls the service in the middle. */
    @Contract(name = "bench.Top", version = "1.0.0")
    interface Top {
        @Idempotent
        String work(String what);
    }
}
