/**
 * Compatibility of contracts: what differs between two versions, and which clients that breaks.
 *
 * <p>{@link dev.treaty.core.contract.compatibility.Compatibility} is the result for two contracts and lists each {@link
 * dev.treaty.core.contract.compatibility.Difference}. What a difference means for clients is in one table, {@code
 * Rules}. Registries use it to reject contracts that break clients, and clients to select instances.
 *
 * {@snippet class="CompatibilityExample" region="compare"}
 */
package dev.treaty.core.contract.compatibility;
