package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Plain code. Inside a handler of Treaty it runs in the handler's context, with the guard's deadline and attempt, so
 * that the calls it makes inherit them.
 */
public final class CodeWork extends Work<ScopedValue.CallableOp<?, ?>> {
    public static final CodeWork INSTANCE = new CodeWork();

    private CodeWork() {}

    @Override
    @Nullable
    public CallContext context(ScopedValue.CallableOp<?, ?> body) {
        return CallContext.currentOrNull();
    }

    @Override
    public boolean idempotent(ScopedValue.CallableOp<?, ?> body, boolean declared) {
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
