/**
 * Integration with the user's shell: {@link dev.treaty.cli.shell.CompletionCommand} prints completion scripts, {@link
 * dev.treaty.cli.shell.ManCommand} writes man pages. Both are generated from the model that parses the command line.
 */
package dev.treaty.cli.shell;
