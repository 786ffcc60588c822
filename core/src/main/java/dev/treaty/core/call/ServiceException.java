package dev.treaty.core.call;

import dev.treaty.core.text.PrintableText;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by typed clients if a call failed, and by services to fail a call: a {@link Fault} as an exception. If a
 * handler throws one, its caller gets the fault with the headers and trailers that the handler has set in its {@link
 * CallContext}, and not those of a call that the handler made.
 */
public final class ServiceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient ServiceResponse.Failed<?> response;

    /** An exception for a fault, with a stack trace. */
    public ServiceException(Fault fault) {
        this(new ServiceResponse.Failed<>(fault, 0, ResponseMetadata.NONE));
    }

    /** An exception for a failed call, with a stack trace. */
    public ServiceException(ServiceResponse.Failed<?> response) {
        super(); // without arguments, so that initCause is possible
        this.response = response;
    }

    private ServiceException(Fault fault, @Nullable Throwable cause, boolean suppression) {
        super(null, cause, suppression, false);
        this.response = new ServiceResponse.Failed<>(fault, 0, ResponseMetadata.NONE);
    }

    /**
     * Returns an exception without a stack trace, which is about a thousand times cheaper: for rejections, which are
     * frequent under overload, and whose message names their cause.
     */
    public static ServiceException withoutTrace(Fault fault) {
        return new ServiceException(fault, null, false);
    }

    /** Returns an exception without a stack trace, whose cause and suppressed exceptions say where it comes from. */
    public static ServiceException withoutTrace(Fault fault, @Nullable Throwable cause) {
        return new ServiceException(fault, cause, true);
    }

    /** An exception for a fault with this code and message. */
    public ServiceException(Code code, String message) {
        this(Fault.of(code, message));
    }

    @Override
    public String getMessage() {
        return PrintableText.line(fault().toString());
    }

    /** Why the call failed. */
    public Fault fault() {
        return response.fault();
    }

    /** The response with its headers, its trailers and the instance that failed, if it is that of a call. */
    public ServiceResponse.Failed<?> response() {
        return response;
    }

    /** The code of the fault. */
    public Code code() {
        return fault().code();
    }
}
