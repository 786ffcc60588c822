package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.Signature;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;

/** Calls and clocks for the tests of this module. */
public final class Fixtures {
    public static final Operation READ = operation("read", true);
    public static final Operation WRITE = operation("write", false);

    private Fixtures() {}

    private static Operation operation(String name, boolean idempotent) {
        var empty = new Structure("", "", List.of());
        return new Operation(name, "", idempotent, empty, empty, Signature.DYNAMIC);
    }

    public static Call call(Operation operation, Time time) {
        var context = CallContext.next(Principal.ANONYMOUS, time, new Random(1))
                .within(Deadline.after(Duration.ofSeconds(5), time));
        return new Call(new ServiceName("test"), operation, List.of(), context);
    }

    /** A clock for one thread, on which a wait takes no time: it advances the clock to its end. */
    public static final class SkippingTime implements Time {
        private long nanos = 1;

        @Override
        public Instant instant() {
            return Instant.EPOCH.plusNanos(nanos);
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void park(Object blocker, long duration) {
            nanos += duration;
        }

        public void advance(Duration duration) {
            nanos += duration.toNanos();
        }
    }
}
