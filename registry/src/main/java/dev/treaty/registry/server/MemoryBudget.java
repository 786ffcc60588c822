package dev.treaty.registry.server;

/** Bounds the heap that one kind of what clients put into a registry takes. */
final class MemoryBudget {
    private final String what;
    private final long bytesMax;
    private long bytes;

    /** @param what what takes the memory, in the plural */
    MemoryBudget(String what, long bytesMax) {
        this.what = what;
        this.bytesMax = bytesMax;
    }

    /**
     * Replaces a part that takes some bytes by another one.
     *
     * @throws dev.treaty.core.call.ServiceException resource_exhausted if that is larger and does not fit
     */
    synchronized void replace(long before, long after) {
        long next = bytes - before + after;
        if (after > before && next > bytesMax) {
            throw Requests.limitReached(
                    "the " + what + " of the registry take " + bytes + " bytes, and " + (after - before)
                            + " more are over its limit of " + bytesMax
                            + ": remove some, or give the registry's process a larger heap (-Xmx)");
        }
        bytes = next;
    }
}
