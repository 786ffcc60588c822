package dev.treaty.benchmarks.discovery;

import java.lang.management.ManagementFactory;

/** What this process has on its heap and allocates. */
final class Heap {
    private static final int COLLECTIONS = 3;

    private Heap() {}

    /** How much of the heap is in use after it was cleared. */
    static long usedBytes() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** How much this thread has allocated. */
    static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
