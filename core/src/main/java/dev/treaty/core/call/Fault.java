package dev.treaty.core.call;

import dev.treaty.core.text.PrintableText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An expected failure of a call, as a value.
 *
 * @param code one of the sixteen codes
 * @param message one sentence for people; without stack traces and secrets. What is not {@linkplain PrintableText
 *     printable}, other than line feeds, is replaced
 * @param reached whether the request may have run. A request that did not reach a server is always safe to retry; any
 *     other only if the operation is idempotent
 * @param retryable false if the same request fails again at every instance, whatever the code: it is never retried, and
 *     neither the instance nor the service is blamed
 * @param retryAfter how long clients should wait before a retry, if the server states it
 * @param details for programs, in the order in which they were added: at most {@link #DETAILS_MAX}
 */
public record Fault(
        Code code,
        String message,
        boolean reached,
        boolean retryable,
        Optional<Duration> retryAfter,
        List<FaultDetail> details) {
    /** The maximum number of details. */
    public static final int DETAILS_MAX = 16;

    /**
     * Makes the message printable, because another process may have written it.
     *
     * @throws IllegalArgumentException if there are too many details
     */
    public Fault {
        message = PrintableText.lines(message);
        details = List.copyOf(details);
        if (details.size() > DETAILS_MAX) {
            throw new IllegalArgumentException("a fault has at most " + DETAILS_MAX + " details");
        }
    }

    /** A fault without details. */
    public Fault(Code code, String message, boolean reached, boolean retryable, Optional<Duration> retryAfter) {
        this(code, message, reached, retryable, retryAfter, List.of());
    }

    /** A fault of a request that may have run. */
    public static Fault of(Code code, String message) {
        return new Fault(code, message, true, true, Optional.empty());
    }

    /** A fault of a request that did not run. */
    public static Fault unreached(Code code, String message) {
        return new Fault(code, message, false, true, Optional.empty());
    }

    /** The same fault with a pause before the next attempt. */
    public Fault retryAfter(Duration pause) {
        return new Fault(code, message, reached, retryable, Optional.of(pause), details);
    }

    /** The same fault of a request that fails again at every instance. */
    public Fault notRetryable() {
        return new Fault(code, message, reached, false, retryAfter, details);
    }

    /** The same fault of a request that may have run, as when the fault is that of a call which its handler made. */
    public Fault ran() {
        return new Fault(code, message, true, retryable, retryAfter, details);
    }

    /** The same fault with another message. */
    public Fault message(String changed) {
        return new Fault(code, changed, reached, retryable, retryAfter, details);
    }

    /**
     * The same fault with a further detail.
     *
     * @throws IllegalArgumentException if it has as many as it may
     */
    public Fault detail(FaultDetail added) {
        return new Fault(
                code,
                message,
                reached,
                retryable,
                retryAfter,
                Stream.concat(details.stream(), Stream.of(added)).toList());
    }

    /** The first detail of a type. */
    public Optional<FaultDetail> detail(String type) {
        return details.stream().filter(detail -> detail.type().equals(type)).findFirst();
    }

    /** Returns true if the instance is the cause: see {@link Code#isInstanceFailure()}. */
    public boolean isInstanceFailure() {
        return retryable && code.isInstanceFailure();
    }

    /** Returns true if the service is the cause: see {@link Code#isServiceFailure()}. */
    public boolean isServiceFailure() {
        return retryable && code.isServiceFailure();
    }

    @Override
    public String toString() {
        return code.wire() + ": " + message;
    }
}
