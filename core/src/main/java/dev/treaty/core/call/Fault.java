package dev.treaty.core.call;

import dev.treaty.core.text.PrintableText;
import java.time.Duration;
import java.util.Optional;

/**
 * An expected failure of a call, as a value.
 *
 * @param code one of the sixteen codes
 * @param message one sentence for people; without stack traces and secrets. What is not {@linkplain PrintableText
 *     printable}, other than line feeds, is replaced
 * @param reached whether the request may have run. A request that did not reach a server is always safe to retry; any
 *     other only if the operation is idempotent
 * @param retryAfter how long clients should wait before a retry, if the server states it
 */
public record Fault(Code code, String message, boolean reached, Optional<Duration> retryAfter) {
    /** Makes the message printable, because another process may have written it. */
    public Fault {
        message = PrintableText.lines(message);
    }

    /** A fault of a request that may have run. */
    public static Fault of(Code code, String message) {
        return new Fault(code, message, true, Optional.empty());
    }

    /** A fault of a request that did not run. */
    public static Fault unreached(Code code, String message) {
        return new Fault(code, message, false, Optional.empty());
    }

    /** The same fault with a pause before the next attempt. */
    public Fault retryAfter(Duration pause) {
        return new Fault(code, message, reached, Optional.of(pause));
    }

    @Override
    public String toString() {
        return code.wire() + ": " + message;
    }
}
