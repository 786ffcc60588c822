package dev.treaty.cli;

/** Thrown to end a command with a message for the user and an exit code. */
public final class CommandFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    /** A failure with the exit code {@link Main#FAILED}. */
    public CommandFailed(String message) {
        this(message, Main.FAILED);
    }

    public CommandFailed(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
