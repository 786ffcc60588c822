package dev.treaty.cli;

import java.time.Duration;
import java.util.List;

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
            DemoTally.Summary total,
            DemoTally.Summary recent,
            List<Instance> instances,
            List<DemoFault> faults) {}

    /**
     * One process.
     *
     * @param health what the registry says, or empty where it does not know the instance
     * @param breaker what its callers' breakers say: {@code closed}, or the worst of the others
     * @param status what the process itself says, as far as it answers
     */
    record Instance(DemoProcess process, String health, String breaker, DemoStatus status) {}
}
