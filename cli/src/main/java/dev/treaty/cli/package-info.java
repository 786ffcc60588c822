/**
 * The {@code treaty} command: a registry, a console and a command line in one small executable.
 *
 * <p>Each subcommand is one class; {@link dev.treaty.cli.Main} only names them. What a subcommand does it asks of the
 * libraries, so that everything the command line shows can also be had from code.
 */
package dev.treaty.cli;
