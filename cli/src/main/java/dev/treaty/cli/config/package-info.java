/**
 * {@code treaty config}: shows, checks and compares settings, and changes central settings.
 *
 * <p>{@link dev.treaty.cli.config.ConfigCommand} has the subcommands. {@link dev.treaty.cli.config.LayerOptions}
 * selects the files and values to read, as for the commands that run services; {@link
 * dev.treaty.cli.config.CentralSettingsChange} changes a central setting and reports what the running processes use
 * afterwards.
 */
package dev.treaty.cli.config;
