package dev.treaty.cli;

/**
 * A subcommand of {@code treaty} that another module provides. {@link Main} finds it with {@link
 * java.util.ServiceLoader}; its class has picocli's {@code @Command} annotation.
 */
public interface ExtraCommand {
    /** Runs in this process what the command runs in others, for {@link Training}. */
    default void train() throws Exception {}
}
