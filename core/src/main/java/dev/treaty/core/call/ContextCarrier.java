package dev.treaty.core.call;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Carries the context of the calling thread to the thread that makes an attempt for it: of a detached attempt, of a
 * hedge, of an asynchronous call. A process combines the carriers of all contexts that its code reads:
 *
 * <pre>{@code
 * ContextCarrier.of(TENANT, USER).and(body -> io.opentelemetry.context.Context.current().wrap(body))
 * }</pre>
 *
 * <p>{@link CallContext#current()} and inheritable thread-locals are carried without a carrier.
 */
@FunctionalInterface
public interface ContextCarrier {
    /** Carries nothing. */
    ContextCarrier NONE = body -> body;

    /**
     * Captures the context of the current thread.
     *
     * @return runs the body once within that context, on another thread, and leaves nothing behind on it. What it
     *     throws before the body has run fails the attempt
     */
    Runnable wrap(Runnable body);

    /** Returns a carrier of what this one and another carry. */
    default ContextCarrier and(ContextCarrier other) {
        return body -> wrap(other.wrap(body));
    }

    /** Returns a carrier of scoped values; one that is not bound in the calling thread stays unbound. */
    static ContextCarrier of(ScopedValue<?>... values) {
        ContextCarrier all = NONE;
        for (ScopedValue<?> value : values) {
            all = all.and(one(value));
        }
        return all;
    }

    private static <T> ContextCarrier one(ScopedValue<T> key) {
        return body -> {
            if (!key.isBound()) {
                return body;
            }
            T value = key.get();
            return () -> ScopedValue.where(key, value).run(body);
        };
    }

    /**
     * Creates a virtual thread, unstarted, that runs code of a caller in the context of the current thread.
     *
     * @param failed receives what the body or the carrier throws, and the failure of a carrier that returns before it
     *     has run the body, which is then never run
     */
    default Thread thread(String name, Runnable body, Consumer<? super Throwable> failed) {
        CallContext context = CallContext.currentOrNull();
        var begun = new AtomicBoolean();
        Runnable once = () -> {
            if (begun.compareAndSet(false, true)) {
                body.run();
            }
        };
        Runnable carried = wrap(
                context == null
                        ? once
                        : () -> context.run(() -> {
                            once.run();
                            return true;
                        }));
        return Thread.ofVirtual().name(name).unstarted(() -> {
            try {
                carried.run();
                if (begun.compareAndSet(false, true)) {
                    throw new IllegalStateException("the context carrier returned before it had run the attempt");
                }
            } catch (Throwable e) {
                failed.accept(e);
            }
        });
    }
}
