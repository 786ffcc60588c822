package dev.treaty.core.call;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Starts blocking code on a virtual thread of its own, in the context of the thread that starts it. */
public final class AsyncCall {
    private AsyncCall() {}

    /**
     * Starts the body.
     *
     * @param carrier carries the context, beyond {@link CallContext#current()}
     * @return completes with the result of the body or what it throws. If it is completed before, by {@code cancel},
     *     {@code orTimeout}, {@code completeOnTimeout}, {@code complete} or {@code completeExceptionally}, the body is
     *     interrupted
     */
    public static <T extends @Nullable Object> CompletableFuture<T> start(
            String threadName, ContextCarrier carrier, Callable<T> body) {
        var future = new CompletableFuture<T>();
        var ended = new AtomicBoolean();
        Consumer<Throwable> fail = e -> {
            ended.set(true);
            future.completeExceptionally(e);
        };
        Runnable run = () -> {
            try {
                T result = body.call();
                ended.set(true);
                future.complete(result);
            } catch (Throwable e) {
                fail.accept(e);
            }
        };
        Thread thread = carrier.thread(threadName, run, fail);
        var _ = future.whenComplete((_, _) -> {
            if (!ended.get()) {
                interrupt(thread);
            }
        });
        thread.start();
        return future;
    }

    /**
     * Interrupts a thread from a thread of its own: an interrupt closes the channel that a thread is blocked on, which
     * is code of that channel and may throw or take its time.
     */
    public static void interrupt(Thread thread) {
        BackgroundThread.startOnce("treaty-interrupt", Events.NONE, thread::interrupt);
    }
}
