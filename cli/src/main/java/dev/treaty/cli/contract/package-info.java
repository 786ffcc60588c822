/**
 * {@code treaty contract}: shows, exports, compares, checks and publishes contracts.
 *
 * <p>{@link dev.treaty.cli.contract.ContractCommand} has the subcommands. {@link
 * dev.treaty.cli.contract.ContractSource} reads a contract from a registry, a file or a class, and {@link
 * dev.treaty.cli.contract.DifferenceReport} prints a comparison of two versions for people or as JSON.
 */
package dev.treaty.cli.contract;
