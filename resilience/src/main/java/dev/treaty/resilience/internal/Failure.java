package dev.treaty.resilience.internal;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of guarded work that did not succeed.
 *
 * @param fault the fault
 * @param cause the exception or response behind the fault, for the caller; null if the guard itself failed the call
 * @param refused whether the guard refused the attempt, so that it is not retried
 */
public record Failure(Fault fault, @Nullable Object cause, boolean refused) {
    /** An attempt that was not made or was abandoned, and whose outcome is never read. */
    public static final Failure NOT_MADE = refused(Code.CANCELED, "the attempt was not made");

    /** The deadline had passed before the call began. */
    public static final Failure LATE =
            refused(Code.DEADLINE_EXCEEDED, "the deadline had passed before the call could be made");

    public static Failure of(Fault fault, @Nullable Object cause) {
        return new Failure(fault, cause, false);
    }

    public static Failure refused(Code code, String message) {
        return new Failure(Fault.unreached(code, message), null, true);
    }
}
