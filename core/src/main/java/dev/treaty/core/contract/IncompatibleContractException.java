package dev.treaty.core.contract;

/**
 * A contract that a registry does not take, because clients that are built for another version of it would fail. The
 * message names each reason and what to do.
 */
public final class IncompatibleContractException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** For that reason. */
    public IncompatibleContractException(String message) {
        super(message);
    }
}
