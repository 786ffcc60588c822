package dev.treaty.microprofile;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The future of an asynchronous method, which interrupts the method only if cancel requests it. */
final class AsynchronousResult extends CompletableFuture<@Nullable Object> {
    private volatile @Nullable Thread thread;

    /** Starts the work on a thread of its own. */
    void start(GuardedMethod.Work work) {
        Thread started = Thread.ofVirtual().unstarted(() -> {
            try {
                complete(work.run());
            } catch (Throwable e) {
                completeExceptionally(e);
            }
        });
        thread = started;
        started.start();
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        Thread running = thread;
        if (cancelled && mayInterruptIfRunning && running != null) {
            running.interrupt();
        }
        return cancelled;
    }
}
