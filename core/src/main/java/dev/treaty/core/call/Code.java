package dev.treaty.core.call;

import java.util.Locale;
import java.util.Optional;

/**
 * The closed list of what can go wrong with a call: the sixteen codes of gRPC and of the Connect protocol.
 *
 * @see <a href="https://connectrpc.com/docs/protocol#error-codes">Connect error codes</a>
 */
public enum Code {
    /** The caller gave up. */
    CANCELED(499),
    /** The reason is not known. */
    UNKNOWN(500),
    /** The request is wrong whatever the state of the system; sending it again will not help. */
    INVALID_ARGUMENT(400),
    /** The deadline passed before an answer came. */
    DEADLINE_EXCEEDED(504),
    /** What was asked for does not exist. */
    NOT_FOUND(404),
    /** What was to be made exists already. */
    ALREADY_EXISTS(409),
    /** The caller is known and may not do this. */
    PERMISSION_DENIED(403),
    /** A limit was reached; later may work. */
    RESOURCE_EXHAUSTED(429),
    /** The system is not in a state that allows this. */
    FAILED_PRECONDITION(400),
    /** A conflict with another request; starting the whole step over may work. */
    ABORTED(409),
    /** Past the end of what exists. */
    OUT_OF_RANGE(400),
    /** The operation is not known or not offered. */
    UNIMPLEMENTED(501),
    /** A mistake in the service. */
    INTERNAL(500),
    /** The service cannot be reached or is not ready; trying again may work. */
    UNAVAILABLE(503),
    /** Data was lost for good. */
    DATA_LOSS(500),
    /** The caller is not known. */
    UNAUTHENTICATED(401);

    private static final Code[] CODES = values();

    private final int httpStatus;
    private final String wire;

    Code(int httpStatus) {
        this.httpStatus = httpStatus;
        this.wire = name().toLowerCase(Locale.ROOT);
    }

    /** The HTTP status that carries this code in the Connect protocol. */
    public int httpStatus() {
        return httpStatus;
    }

    /** The code as it stands on the wire, such as {@code deadline_exceeded}. */
    public String wire() {
        return wire;
    }

    /** The code of that {@link #wire()} name, if any. */
    public static Optional<Code> of(String wire) {
        for (Code code : CODES) {
            if (code.wire.equals(wire)) {
                return Optional.of(code);
            }
        }
        return Optional.empty();
    }

    /**
     * The code that an HTTP status stands for where no Connect error came with it, as from a proxy between.
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
     * True where the instance, rather than the request, is to blame: what breakers and ejection count as a failure.
     */
    public boolean blamesService() {
        return switch (this) {
            case UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS, RESOURCE_EXHAUSTED -> true;
            default -> false;
        };
    }
}
