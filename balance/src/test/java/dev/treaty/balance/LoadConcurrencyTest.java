package dev.treaty.balance;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Linearizability of the counters: concurrent calls have the same effect as some sequential order. */
public class LoadConcurrencyTest {
    private final LoadTracker loads = new LoadTracker(LoadPolicy.DEFAULT);
    private final Load load;
    private final Load neighbour;

    /** Starts with some calls in flight. */
    public LoadConcurrencyTest() {
        loads.count(10_000); // so many that loads are adjacent
        load = loads.load();
        neighbour = loads.load();
        for (int i = 0; i < 10; i++) {
            load.begin();
        }
    }

    /** Starts a call. */
    @Operation
    public void begin() {
        load.begin();
    }

    /** Ends a call with success. */
    @Operation
    public void succeeded() {
        load.succeeded(0, 1_000);
    }

    /** Ends a call whose caller gave up. */
    @Operation
    public void ignored() {
        load.ignored(0, 1_000);
    }

    /** A call that fails at the instance with the adjacent words. */
    @Operation
    public long neighbourFailed() {
        neighbour.begin();
        neighbour.failed(0, 1_000, 0);
        return neighbour.inFlight();
    }

    /** Changes the state; only one thread at a time does. */
    @Operation(nonParallelGroup = "state")
    public void cold() {
        load.state(Load.COLD);
    }

    /** Changes the state back. */
    @Operation(nonParallelGroup = "state")
    public void healthy() {
        load.state(Load.HEALTHY);
    }

    /** Reads the state. */
    @Operation
    public int state() {
        return load.state();
    }

    /** Reads what load balancers read. */
    @Operation
    public int inFlight() {
        return load.inFlight();
    }

    /** Reads what outlier detection reads. */
    @Operation
    public long ended() {
        return load.ended();
    }

    @Test
    void counters_are_linearizable_in_the_model_checker() {
        new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(100)
                .threads(2)
                .actorsPerThread(3)
                .check(LoadConcurrencyTest.class);
    }

    @Test
    void counters_are_linearizable_under_stress() {
        new StressOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .check(LoadConcurrencyTest.class);
    }
}
