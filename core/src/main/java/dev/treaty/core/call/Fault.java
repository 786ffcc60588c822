package dev.treaty.core.call;

import java.time.Duration;
import java.util.Optional;

/**
 * An expected failure, as a value.
 *
 * @param code one of the sixteen codes
 * @param message one sentence for the person who made the call; never a stack trace, never a secret
 * @param reached whether the request may have run. A fault that never reached a server is always safe to retry; any
 *     other only where the operation is idempotent
 * @param retryAfter how long the service asks callers to stay away, if it does
 */
public record Fault(Code code, String message, boolean reached, Optional<Duration> retryAfter) {
    /** A fault of a request that may have run. */
    public static Fault of(Code code, String message) {
        return new Fault(code, message, true, Optional.empty());
    }

    /** A fault of a request that surely did not run. */
    public static Fault unreached(Code code, String message) {
        return new Fault(code, message, false, Optional.empty());
    }

    /** The same fault, with the service's wish to be left alone for a while. */
    public Fault retryAfter(Duration pause) {
        return new Fault(code, message, reached, Optional.of(pause));
    }

    @Override
    public String toString() {
        return code.wire() + ": " + message;
    }
}
