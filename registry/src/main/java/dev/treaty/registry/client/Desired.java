package dev.treaty.registry.client;

import dev.treaty.core.call.Fault;
import dev.treaty.core.time.Promise;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LeaseKeeper} keeps at the registry, and how the registry has answered. The program changes what is
 * desired; the keeper takes the {@linkplain #next next step} and records its result.
 */
abstract class Desired {
    /** What the keeper has to do next. */
    interface Step {
        /** Returns nanoseconds until the step after this one; 0 if that follows at once. */
        long run() throws InterruptedException;
    }

    private final String name;
    private @Nullable Fault refused;
    private @Nullable Fault reported; // the refusal that was last emitted
    private boolean awaited = true; // the program still waits for the answer
    private Promise<Boolean> settled = new Promise<>();

    /** @param name what it is, for messages */
    Desired(String name) {
        this.name = name;
    }

    abstract Step next(long nowNanos);

    /** Whether the registry would refuse it later too, so that it is taken back. */
    abstract boolean isPermanent(Fault refusal);

    /** Returns a promise that is kept when the registry has acknowledged or refused what is desired. */
    final synchronized Promise<Boolean> settled() {
        return settled;
    }

    /** Something else is desired, which the registry has not answered yet. */
    final synchronized void unsettle() {
        settled = new Promise<>();
    }

    final synchronized void beginAwaiting() {
        awaited = true;
    }

    final synchronized boolean isAwaited() {
        return awaited;
    }

    /** Returns a refusal that is permanent. */
    final synchronized Optional<Fault> endAwaiting() {
        awaited = false;
        return Optional.ofNullable(refused).filter(this::isPermanent);
    }

    /** The registry has acknowledged something that was desired. */
    final synchronized void accepted() {
        reported = null;
    }

    /**
     * The registry refuses what is desired.
     *
     * @return whether to emit that
     */
    synchronized boolean refuse(Fault fault) {
        refused = fault;
        boolean emit = !awaited && !fault.equals(reported);
        reported = emit ? fault : reported;
        return emit;
    }

    /** Forgets a refusal, whose cause may be gone by now. */
    final synchronized void retry() {
        refused = null;
    }

    /** Returns what the registry refuses and why. */
    final synchronized Optional<String> refusal() {
        return Optional.ofNullable(refused).map(fault -> name + ": " + fault.message());
    }
}
