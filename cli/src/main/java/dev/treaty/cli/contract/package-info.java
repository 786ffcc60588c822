/**
 * {@code treaty contract}: shows, exports, compares, checks and publishes contracts.
 *
 * <p>{@link dev.treaty.cli.contract.ContractSource} reads a contract from a registry, a file or a class. {@link
 * dev.treaty.cli.contract.ContractChecks} compares two versions, and {@link dev.treaty.cli.contract.DifferenceReport}
 * prints the result for people or as JSON.
 */
package dev.treaty.cli.contract;
