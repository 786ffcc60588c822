/**
 * The {@code treaty} command.
 *
 * <p>Each subcommand is one class, which extends {@link dev.treaty.cli.OutputCommand} and calls the same API that
 * programs use; {@link dev.treaty.cli.Main} lists them. {@link dev.treaty.cli.ErrorHandler} prints errors, as text or
 * as JSON.
 */
package dev.treaty.cli;
