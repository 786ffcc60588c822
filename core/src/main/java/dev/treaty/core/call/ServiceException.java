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
        super(); // its cause may still be given
        this.fault = fault;
    }

    private ServiceException(Fault fault, boolean trace) {
        super(null, null, trace, trace);
        this.fault = fault;
    }

    /**
     * Carries that fault without a stack trace, which costs a thousand times what throwing costs: for refusals, which
     * are many when they come, and happen where they say and nowhere deeper.
     */
    public static ServiceException withoutTrace(Fault fault) {
        return new ServiceException(fault, false);
    }

    /** Carries a fault with that code and message. */
    public ServiceException(Code code, String message) {
        this(Fault.of(code, message));
    }

    @Override
    public String getMessage() {
        return fault.toString();
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
