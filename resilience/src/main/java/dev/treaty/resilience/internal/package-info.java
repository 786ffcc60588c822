/**
 * Small parts that several packages of this module share.
 *
 * <p>{@link dev.treaty.resilience.internal.Stripes} spreads a counter over cache lines, {@link
 * dev.treaty.resilience.internal.GuardCounters} counts what a guard does, and {@link
 * dev.treaty.resilience.internal.PolicyChecks} validates the components of policy records with one wording for all
 * error messages.
 */
package dev.treaty.resilience.internal;
