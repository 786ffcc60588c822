/**
 * {@code treaty contract}: shows, exports and compares contracts.
 *
 * <p>{@link dev.treaty.cli.contract.ContractSource} finds a contract in a registry, a file or a class. {@link
 * dev.treaty.cli.contract.ContractChecks} compares two versions, and {@link dev.treaty.cli.contract.DifferenceReport}
 * prints the result for people or as JSON.
 */
package dev.treaty.cli.contract;
