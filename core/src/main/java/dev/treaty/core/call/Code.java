package dev.treaty.core.call;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a call failed: the sixteen error codes of gRPC and of the Connect protocol.
 *
 * @see <a href="https://connectrpc.com/docs/protocol#error-codes">Connect error codes</a>
 */
public enum Code {
    /** The caller canceled the call. */
    CANCELED(499),
    /** The reason is unknown. */
    UNKNOWN(500),
    /** The request is invalid in any state of the system; a retry fails again. */
    INVALID_ARGUMENT(400),
    /** The deadline passed before the response arrived. */
    DEADLINE_EXCEEDED(504),
    /** The requested entity does not exist. */
    NOT_FOUND(404),
    /** The entity to create already exists. */
    ALREADY_EXISTS(409),
    /** The caller is known and has no permission. */
    PERMISSION_DENIED(403),
    /** A limit is reached; a later call may succeed. */
    RESOURCE_EXHAUSTED(429),
    /** The system is not in a state that allows the operation. */
    FAILED_PRECONDITION(400),
    /** A conflict with another request; the whole transaction may be retried. */
    ABORTED(409),
    /** Beyond the end of the valid range. */
    OUT_OF_RANGE(400),
    /** The operation is unknown or not offered. */
    UNIMPLEMENTED(501),
    /** An internal error of the service. */
    INTERNAL(500),
    /** The service cannot be reached or is not ready; a retry may succeed. */
    UNAVAILABLE(503),
    /** Data was lost permanently. */
    DATA_LOSS(500),
    /** The caller is not authenticated. */
    UNAUTHENTICATED(401);

    private final int httpStatus;
    private final String wire;

    Code(int httpStatus) {
        this.httpStatus = httpStatus;
        this.wire = name().toLowerCase(Locale.ROOT);
    }

    /** The HTTP status of responses with this code in the Connect protocol. */
    public int httpStatus() {
        return httpStatus;
    }

    /** The name on the wire, such as {@code deadline_exceeded}. */
    public String wire() {
        return wire;
    }

    /** Returns the code with this {@link #wire()} name, if any. */
    public static Optional<Code> of(String wire) {
        return Arrays.stream(values()).filter(code -> code.wire.equals(wire)).findFirst();
    }

    /**
     * Returns the code for an HTTP status without a Connect error, for example from a proxy.
     *
     * @see <a href="https://connectrpc.com/docs/protocol#http-to-error-code">HTTP to error code</a>
     */
    public static Code ofHttpStatus(int status) {
        return switch (status) {
            case 400 -> INTERNAL;
            case 401 -> UNAUTHENTICATED;
            case 403 -> PERMISSION_DENIED;
            case 404 -> UNIMPLEMENTED;
            case 429, 502, 503, 504 -> UNAVAILABLE;
            default -> UNKNOWN;
        };
    }

    /**
     * Returns true if the instance is the cause: breakers and ejection count it as failure. {@link #RESOURCE_EXHAUSTED}
     * is none, because an instance at its limit works.
     */
    public boolean isInstanceFailure() {
        return isServiceFailure() && this != RESOURCE_EXHAUSTED;
    }

    /** Returns true if the service is the cause, rather than the request: a fallback may answer. */
    public boolean isServiceFailure() {
        return switch (this) {
            case UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS, RESOURCE_EXHAUSTED -> true;
            default -> false;
        };
    }
}
