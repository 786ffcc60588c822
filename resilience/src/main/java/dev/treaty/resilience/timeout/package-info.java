/**
 * Timers for calls: one thread that serves every timeout and hedge of a process.
 *
 * <p>{@link dev.treaty.resilience.timeout.Watchdog} reads the ends of running calls from a table of reusable cells,
 * so that arming and disarming a timeout allocates nothing and takes no lock. It interrupts the thread of a call, or
 * starts its hedge, when the time is up.
 */
package dev.treaty.resilience.timeout;
