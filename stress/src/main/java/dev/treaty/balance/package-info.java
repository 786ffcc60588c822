/**
 * Stress tests of the lock-free classes of load balancing, beside those of fault tolerance: calls end at the same
 * moment on several processors, and the counters of the instance must be exact. {@code ./treaty stress -t LoadStress}
 * runs them.
 */
@NullMarked
package dev.treaty.balance;

import org.jspecify.annotations.NullMarked;
