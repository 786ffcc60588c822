package dev.treaty.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;

/** Whether the machine did other things while it was measured, which would make the figures worth little. */
public final class MachineLoad {
    /** What the system itself takes for the network and the clock, and then some. */
    private static final double OTHERS_SHARE_MAX = 0.15;

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private long beginNanos;
    private long oursNanos;
    private double othersShare;

    /** Begins to look. */
    public void begin() {
        SYSTEM.getCpuLoad(); // it tells of the time since it was asked last
        beginNanos = System.nanoTime();
        oursNanos = 0;
    }

    /** Adds processor time of those who are measured. */
    public void ours(long cpuNanos) {
        oursNanos += cpuNanos;
    }

    /** Has seen enough. */
    public void end() {
        double capacityNanos = (double) (System.nanoTime() - beginNanos) * SYSTEM.getAvailableProcessors();
        othersShare = SYSTEM.getCpuLoad() - oursNanos / capacityNanos;
    }

    /** What to say about it; nothing where the machine was quiet, or does not tell. */
    public Optional<String> remark() {
        return othersShare <= OTHERS_SHARE_MAX
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "BUSY MACHINE: others used %.0f %% of the processors meanwhile; measure again when it is"
                                + " quiet.",
                        100 * othersShare));
    }
}
