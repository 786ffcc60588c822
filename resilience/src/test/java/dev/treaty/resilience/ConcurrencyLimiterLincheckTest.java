package dev.treaty.resilience;

import dev.treaty.core.time.ManualTime;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/** Whoever comes and goes, and however the limit moves: every answer is one that some sequence of calls would give. */
public class ConcurrencyLimiterLincheckTest {
    private final ConcurrencyLimiter limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(2), new ManualTime(), 2);
    private final int[] held = new int[8];

    @Operation
    public boolean tryAcquire(@Param(gen = ThreadIdGen.class) int thread) {
        boolean taken = limiter.tryAcquire();
        held[thread] += taken ? 1 : 0;
        return taken;
    }

    @Operation
    public boolean release(@Param(gen = ThreadIdGen.class) int thread) {
        if (held[thread] == 0) {
            return false;
        }
        held[thread]--;
        limiter.release();
        return true;
    }

    @Operation
    public void change(@Param(gen = IntGen.class, conf = "1:3") int limit) {
        limiter.change(ConcurrencyPolicy.fixed(limit));
    }

    @Operation
    public int inFlight() {
        return limiter.inFlight();
    }

    @Test
    void everyInterleavingIsOneOfSomeSequence() {
        new ModelCheckingOptions()
                .iterations(8)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(3)
                .check(ConcurrencyLimiterLincheckTest.class);
    }
}
