package dev.treaty.resilience.limit;

import java.util.Arrays;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/** A permit that moves between stripes during a search is neither missed nor taken twice. */
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
    void every_interleaving_is_linearizable() {
        new ModelCheckingOptions()
                .iterations(8)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(3)
                .check(PermitPoolLincheckTest.class);
    }

    /**
     * There is always a permit, but it moves between stripes: a search of one stripe after the other can find each of
     * them empty. The second reading of the sum detects the change.
     */
    @Test
    void a_permit_that_moves_between_stripes_is_found() throws NoSuchMethodException {
        var moves = List.of(
                call("put", 0, 1),
                call("take", 1),
                call("put", 1, 1),
                call("take", 0),
                call("put", 0, 1),
                call("take", 1));
        new ModelCheckingOptions()
                .iterations(0)
                .invocationsPerIteration(5000)
                .addCustomScenario(
                        new ExecutionScenario(List.of(), List.of(List.of(call("take", 0)), moves), List.of(), null))
                .check(PermitPoolLincheckTest.class);
    }

    private static Actor call(String operation, Object... arguments) throws NoSuchMethodException {
        Class<?>[] types = new Class<?>[arguments.length];
        Arrays.fill(types, int.class);
        return new Actor(PermitPoolLincheckTest.class.getMethod(operation, types), List.of(arguments));
    }
}
