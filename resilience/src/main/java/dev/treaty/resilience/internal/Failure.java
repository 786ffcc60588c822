package dev.treaty.resilience.internal;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of guarded work that did not succeed.
 *
 * @param fault the fault
 * @param cause what the caller gets: the exception of the work or its response; null for an exception of the fault
 * @param kind who failed
 */
public record Failure(Fault fault, @Nullable Object cause, Kind kind) {
    /** Who failed. */
    public enum Kind {
        /** The service, or the code that stands for it. */
        SERVICE,
        /** The calling code; that shows nothing about the service, so breakers ignore it. */
        CALLER,
        /** The guard refused the attempt, which was not made; it is not retried either. */
        REFUSED
    }

    /** An attempt that was not made, and whose outcome is never read. */
    public static final Failure NOT_MADE = refused(Code.CANCELED, "the attempt was not made");

    /** The deadline had passed before the call began. */
    public static final Failure LATE =
            refused(Code.DEADLINE_EXCEEDED, "the deadline had passed before the call could be made");

    public static Failure of(Fault fault, @Nullable Object cause) {
        return new Failure(fault, cause, Kind.SERVICE);
    }

    public static Failure refused(Code code, String message) {
        return new Failure(Fault.unreached(code, message), null, Kind.REFUSED);
    }

    /** A call whose thread was interrupted while it waited. */
    public static Failure canceled(InterruptedException interrupt) {
        return new Failure(
                Fault.unreached(Code.CANCELED, "the calling thread was interrupted"), interrupt, Kind.REFUSED);
    }

    /**
     * An attempt whose time was up.
     *
     * @param original the outcome of the work, if it ended: its exception is the cause of the caller's exception
     */
    public static Failure late(String message, @Nullable Object original) {
        Fault fault = Fault.of(Code.DEADLINE_EXCEEDED, message);
        Object cause = original instanceof Failure failure && failure.cause instanceof Throwable thrown
                ? ServiceException.withoutTrace(fault, thrown)
                : null;
        return of(fault, cause);
    }

    public boolean refused() {
        return kind == Kind.REFUSED;
    }

    /** Returns whether the thread of the attempt was interrupted, and its interrupt flag was cleared by that. */
    public boolean interrupted() {
        return cause instanceof InterruptedException;
    }

    /** Adds to an exception what else went wrong, once: a constant exception must not collect it with every call. */
    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    public static void suppress(Throwable thrown, Throwable other) {
        try {
            if (thrown != other && !List.of(thrown.getSuppressed()).toString().contains(other.toString())) {
                thrown.addSuppressed(other);
            }
        } catch (RuntimeException _) {
            // One of them has no text, because its getMessage() fails.
        }
    }

    /** Returns this failure of the work together with that of its fallback. */
    public Failure withFailedFallback(Failure fallback) {
        String message = fault.message() + "; the fallback failed too: " + fallback.fault.message();
        Fault both = fault.message(message);
        ServiceException thrown =
                ServiceException.withoutTrace(both, cause instanceof Throwable original ? original : null);
        thrown.addSuppressed(
                switch (fallback.cause) {
                    case CompletionException wrapper when wrapper.getCause() != null -> wrapper.getCause();
                    case Throwable own -> own;
                    case null, default -> ServiceException.withoutTrace(fallback.fault);
                });
        return new Failure(both, thrown, kind);
    }

    /** Returns the same failure, whose message adds something. */
    public Failure saying(String addition) {
        Fault more = fault.message(fault.message() + "; " + addition);
        return switch (cause) {
            case ServiceResponse<?> _ -> new Failure(more, ServiceResponse.failed(more), kind);
            case ServiceException thrown -> new Failure(more, ServiceException.withoutTrace(more, thrown), kind);
            case Exception thrown -> {
                suppress(thrown, ServiceException.withoutTrace(more));
                yield new Failure(more, thrown, kind);
            }
            case null, default -> new Failure(more, cause, kind);
        };
    }
}
