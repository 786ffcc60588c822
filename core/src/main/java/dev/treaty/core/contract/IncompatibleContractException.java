package dev.treaty.core.contract;

/**
 * Thrown if a registry rejects a contract because it breaks clients of another version. The message lists each reason
 * and what to do.
 */
public final class IncompatibleContractException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** @param message the reasons, and what to do */
    public IncompatibleContractException(String message) {
        super(message);
    }
}
