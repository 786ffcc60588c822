package dev.treaty.resilience;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Plain code. Inside a handler of Treaty it runs in the handler's context, with the guard's deadline and attempt, so
 * that the calls it makes inherit them.
 */
final class BodyTrial extends Trial<ScopedValue.CallableOp<?, ?>> {
    static final BodyTrial INSTANCE = new BodyTrial();

    private BodyTrial() {}

    @Override
    @Nullable
    CallContext context(ScopedValue.CallableOp<?, ?> body) {
        return CallContext.currentOrNull();
    }

    @Override
    boolean idempotent(ScopedValue.CallableOp<?, ?> body, boolean declared) {
        return declared;
    }

    @Override
    @Nullable
    Object attempt(ScopedValue.CallableOp<?, ?> body, @Nullable CallContext context, int number, long deadlineNanos)
            throws Exception {
        if (context == null) {
            return run(body);
        }
        return context.attempt(number).within(new Deadline(deadlineNanos)).run(() -> run(body));
    }

    @SuppressWarnings("unchecked") // whatever it throws is thrown on as it is
    private static @Nullable Object run(ScopedValue.CallableOp<?, ?> body) throws Exception {
        return ((ScopedValue.CallableOp<?, Exception>) body).call();
    }
}
