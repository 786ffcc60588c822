package dev.treaty.observe;

import java.util.concurrent.atomic.AtomicInteger;

/** A number of places that are taken and given back. */
final class Quota {
    private final AtomicInteger free;

    Quota(int places) {
        this.free = new AtomicInteger(places);
    }

    /** Takes a place; false where none is free. */
    boolean take() {
        return free.getAndUpdate(places -> Math.max(0, places - 1)) > 0;
    }

    void giveBack() {
        free.incrementAndGet();
    }
}
