package dev.treaty.demo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Shows a demo while it runs. */
interface DemoView extends AutoCloseable {
    /** How long until the next frame. */
    Duration interval();

    /** Something that is told once, such as that all processes are ready. */
    void tell(String line);

    /** Shows how things are now. */
    void show(Frame frame);

    /** Leaves the terminal as it was. */
    @Override
    void close();

    /**
     * How things are at one moment.
     *
     * @param nanos since the load began
     * @param durationNanos how long it will last
     * @param rate how many calls are to begin each second
     * @param registry where the registry is
     * @param total all calls that ended so far
     * @param recent those that ended since the last frame
     * @param instances every process, and how it does
     * @param faults what was done so far
     */
    record Frame(
            long nanos,
            long durationNanos,
            int rate,
            String registry,
            CallTotals.Summary total,
            CallTotals.Summary recent,
            List<Instance> instances,
            List<InjectedFault> faults) {}

    /**
     * One process.
     *
     * @param health what the registry says, or empty where it does not know the instance
     * @param breaker the worst of its callers' breakers, or empty where nobody calls it
     * @param load how much it does, as far as it has said
     */
    record Instance(ShopInstance process, String health, String breaker, Optional<Load> load) {}

    /**
     * How much a process does.
     *
     * @param rate calls answered each second
     * @param p50Millis over the last minute, half took no longer
     * @param p99Millis over the last minute, all but one in a hundred took no longer
     */
    record Load(double rate, double p50Millis, double p99Millis) {}
}
