package dev.treaty.cli;

/**
 * A subcommand of {@code treaty} that another module brings. {@link Main} finds it through {@link
 * java.util.ServiceLoader}; its class carries picocli's {@code @Command} annotation.
 */
public interface ExtraCommand {}
