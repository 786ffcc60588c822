package dev.treaty.balance;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Whatever order threads begin and end calls in, the counters are those of some order, one after the other. */
public class LoadConcurrencyTest {
    private final LoadTracker loads = new LoadTracker(LoadPolicy.DEFAULT);
    private final Load load;
    private final Load neighbour;

    /** Some calls are under way. */
    public LoadConcurrencyTest() {
        loads.count(10_000); // so many that they lie close together
        load = loads.load();
        neighbour = loads.load();
        for (int i = 0; i < 10; i++) {
            load.begin();
        }
    }

    /** A call begins. */
    @Operation
    public void begin() {
        load.begin();
    }

    /** A call goes well. */
    @Operation
    public void succeeded() {
        load.succeeded(0, 1_000);
    }

    /** A caller gives up. */
    @Operation
    public void ignored() {
        load.ignored(0, 1_000);
    }

    /** A call goes wrong at the instance whose words come next. */
    @Operation
    public long neighbourFailed() {
        neighbour.begin();
        neighbour.failed(0, 1_000, 0);
        return neighbour.inFlight();
    }

    /** The fleet looks at it; one thread does at a time. */
    @Operation(nonParallelGroup = "fleet")
    public void cold() {
        load.standing(Load.COLD);
    }

    /** It looks again. */
    @Operation(nonParallelGroup = "fleet")
    public void well() {
        load.standing(Load.WELL);
    }

    /** How it stands. */
    @Operation
    public int standing() {
        return load.standing();
    }

    /** What a picker sees. */
    @Operation
    public int inFlight() {
        return load.inFlight();
    }

    /** What a judge of outliers sees. */
    @Operation
    public long ended() {
        return load.ended();
    }

    @Test
    void modelChecking() {
        new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(100)
                .threads(2)
                .actorsPerThread(3)
                .check(LoadConcurrencyTest.class);
    }

    @Test
    void stress() {
        new StressOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .check(LoadConcurrencyTest.class);
    }
}
