package dev.treaty.resilience.limit;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.ThrottlePolicy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** In any interleaving and at any bucket boundary, every call is counted once. */
public class ThrottleLincheckTest {
    private static final long BUCKET = 100_000_000;

    private final Throttle throttle =
            new Throttle(new ThrottlePolicy(2, Duration.ofSeconds(1), 1), new ManualTime(), 2);
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger rejected = new AtomicInteger();

    @Operation
    public void accepted(
            @Param(gen = IntGen.class, conf = "0:1") int stripe, @Param(gen = IntGen.class, conf = "0:3") int bucket) {
        throttle.report(stripe, true, bucket * BUCKET);
        accepted.incrementAndGet();
    }

    @Operation
    public void rejected(
            @Param(gen = IntGen.class, conf = "0:1") int stripe, @Param(gen = IntGen.class, conf = "0:3") int bucket) {
        throttle.report(stripe, false, bucket * BUCKET);
        rejected.incrementAndGet();
    }

    @Validate
    public void every_call_is_counted_once() {
        long requests = throttle.requests(3 * BUCKET);
        long accepts = throttle.accepts(3 * BUCKET);
        if (accepts != accepted.get() || requests != accepted.get() + rejected.get()) {
            throw new IllegalStateException(
                    accepts + " of " + requests + " instead of " + accepted + " and " + rejected);
        }
    }

    @Test
    void counts_are_linearizable() {
        new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1)
                .check(ThrottleLincheckTest.class);
    }
}
