package dev.treaty.resilience;

import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/** A permit that moves from stripe to stripe while somebody looks is neither missed nor given twice. */
public class PermitPoolLincheckTest {
    private final PermitPool pool = new PermitPool(1, 2);

    @Operation
    public boolean take(@Param(gen = IntGen.class, conf = "0:1") int stripe) {
        return pool.take(stripe);
    }

    @Operation
    public void put(
            @Param(gen = IntGen.class, conf = "0:1") int stripe, @Param(gen = IntGen.class, conf = "1:2") int permits) {
        pool.put(stripe, permits);
    }

    @Operation
    public int available() {
        return pool.available();
    }

    @Test
    void everyInterleavingIsOneOfSomeSequence() {
        new ModelCheckingOptions()
                .iterations(8)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(3)
                .check(PermitPoolLincheckTest.class);
    }
}
