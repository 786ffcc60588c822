package dev.treaty.core.call;

/**
 * A {@link Fault} on its way through Java code. A service throws it to answer with that fault; a typed client throws
 * it where the call failed.
 */
public final class ServiceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Fault fault;

    /** Carries that fault. */
    public ServiceException(Fault fault) {
        super(fault.toString());
        this.fault = fault;
    }

    /** Carries a fault with that code and message. */
    public ServiceException(Code code, String message) {
        this(Fault.of(code, message));
    }

    /** What went wrong. */
    public Fault fault() {
        return fault;
    }

    /** What went wrong, as one of the sixteen codes. */
    public Code code() {
        return fault.code();
    }
}
