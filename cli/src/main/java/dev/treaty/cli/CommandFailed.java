package dev.treaty.cli;

/** Why a command could not do what it was asked to, in one sentence for the person who asked. */
public final class CommandFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** For that reason. */
    public CommandFailed(String sentence) {
        super(sentence);
    }
}
