package dev.treaty.core.call;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Runs blocking code on a new virtual thread, in the {@link CallContext} of the thread that starts it. */
public final class AsyncCall {
    private AsyncCall() {}

    /**
     * Starts the body.
     *
     * @return completes with the result or the exception of the body; cancelling it interrupts the body
     */
    public static <T extends @Nullable Object> CompletableFuture<T> start(String threadName, Callable<T> body) {
        CallContext context = CallContext.currentOrNull();
        var future = new CompletableFuture<T>();
        Thread thread = Thread.ofVirtual().name(threadName).unstarted(() -> {
            try {
                future.complete(context == null ? body.call() : context.run(body::call));
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        var _ = future.whenComplete((_, _) -> {
            if (future.isCancelled()) {
                thread.interrupt();
            }
        });
        thread.start();
        return future;
    }
}
