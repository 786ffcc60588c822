package dev.treaty.benchmarks.guards;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What no guard can go below: the call itself, and the two clock readings between which a call's duration lies. */
@State(Scope.Benchmark)
public class FloorGuards {
    private final Body body = new Body();

    @Benchmark
    public Integer direct() {
        return body.run();
    }

    @Benchmark
    public long clock() {
        long began = System.nanoTime();
        body.run();
        return System.nanoTime() - began;
    }
}
