/**
 * {@code treaty up}: runs the services that a configuration file lists.
 *
 * <p>{@link dev.treaty.cli.up.UpCommand} starts one {@link dev.treaty.cli.up.ServiceProcess} for each instance, which
 * restarts it if it ends after it was ready; an {@link dev.treaty.cli.up.ExternalService} runs elsewhere and is only
 * registered and health-checked. {@link dev.treaty.cli.up.ServiceMain} is the main class of the started processes, and
 * {@link dev.treaty.cli.up.ChildProcess} ensures that none of them outlives the command.
 */
package dev.treaty.cli.up;
