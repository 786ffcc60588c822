package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Plain code. Inside a handler of Treaty it runs in the handler's context, with the guard's deadline and attempt, so
 * that the calls it makes inherit them.
 *
 * @param faults maps the exceptions of the code
 */
public record CodeWork(Function<? super Exception, Fault> faults) implements Work<ScopedValue.CallableOp<?, ?>> {
    @Override
    public @Nullable Object attempt(
            ScopedValue.CallableOp<?, ?> body, @Nullable CallContext context, int number, long deadlineNanos) {
        try {
            return context == null
                    ? run(body)
                    : context.attempt(number)
                            .within(new Deadline(deadlineNanos))
                            .run(() -> run(body));
        } catch (Exception e) {
            return ExceptionMapping.failure(e, faults);
        }
    }

    @SuppressWarnings("unchecked") // what it throws is passed on unchanged
    private static @Nullable Object run(ScopedValue.CallableOp<?, ?> body) throws Exception {
        return ((ScopedValue.CallableOp<?, Exception>) body).call();
    }
}
