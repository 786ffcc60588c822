/**
 * Timers of calls: one thread that serves all timeouts and hedges of a process.
 *
 * <p>{@link dev.treaty.resilience.timeout.Watchdog} reads the ends of running calls from a table of reusable cells, so
 * that arming and disarming a timeout allocates nothing and takes no lock. When the time is up it interrupts the thread
 * of a call, or starts its hedge.
 */
package dev.treaty.resilience.timeout;
