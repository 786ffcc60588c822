package dev.treaty.resilience;

import dev.treaty.core.time.ManualTime;
import java.util.Arrays;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/** Any interleaving of acquire, release and changes of the limit has the results of some sequence of calls. */
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
    void every_interleaving_is_linearizable() {
        new ModelCheckingOptions()
                .iterations(3)
                .invocationsPerIteration(60)
                .threads(3)
                .actorsPerThread(3)
                .check(ConcurrencyLimiterLincheckTest.class);
    }

    /**
     * A call that saw no debt and then takes a permit must not get an owed one: a release under a lowered limit repays
     * the debt with its permit, instead of putting it into the pool.
     */
    @Test
    void a_call_that_saw_no_debt_does_not_take_an_owed_permit() throws NoSuchMethodException {
        new ModelCheckingOptions()
                .iterations(0)
                .invocationsPerIteration(500)
                .addCustomScenario(new ExecutionScenario(
                        List.of(call("tryAcquire", 0), call("tryAcquire", 0)),
                        List.of(List.of(call("change", 1), call("release", 0)), List.of(call("tryAcquire", 1))),
                        List.of(call("inFlight")),
                        null))
                .check(ConcurrencyLimiterLincheckTest.class);
    }

    private static Actor call(String operation, Object... arguments) throws NoSuchMethodException {
        Class<?>[] types = new Class<?>[arguments.length];
        Arrays.fill(types, int.class);
        return new Actor(ConcurrencyLimiterLincheckTest.class.getMethod(operation, types), List.of(arguments));
    }
}
