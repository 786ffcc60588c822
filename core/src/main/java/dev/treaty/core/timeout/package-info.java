/**
 * Timers of calls: one thread that serves all timeouts and hedges of a process, and the reads and writes of
 * connections.
 *
 * <p>{@link dev.treaty.core.timeout.Watchdog} reads the ends of running calls from a table of reusable cells, so
 * that arming and disarming a timeout allocates nothing and takes no lock. When the time is up it interrupts the thread
 * of a call, starts its hedge, or closes its connection.
 *
 * {@snippet class="TimeoutExample" region="timeout"}
 */
package dev.treaty.core.timeout;
