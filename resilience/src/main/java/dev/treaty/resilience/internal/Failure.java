package dev.treaty.resilience.internal;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import org.jspecify.annotations.Nullable;

/**
 * What a guard has in hand instead of an answer.
 *
 * @param fault what went wrong
 * @param given the exception or the response that said so, for the caller; null where the guard itself did
 * @param refused whether the guard let nothing through, so that there is nothing to try again
 */
public record Failure(Fault fault, @Nullable Object given, boolean refused) {
    /** Of an attempt that was not made or was broken off, and that nobody asks about. */
    public static final Failure NOT_MADE = refused(Code.CANCELED, "the attempt was not made");

    /** The deadline had passed before anything could begin. */
    public static final Failure LATE =
            refused(Code.DEADLINE_EXCEEDED, "the deadline had passed before the call could be made");

    public static Failure of(Fault fault, @Nullable Object given) {
        return new Failure(fault, given, false);
    }

    public static Failure refused(Code code, String message) {
        return new Failure(Fault.unreached(code, message), null, true);
    }

    /** True where it says nothing about the service: the caller gave up. */
    public boolean canceled() {
        return fault.code() == Code.CANCELED;
    }
}
