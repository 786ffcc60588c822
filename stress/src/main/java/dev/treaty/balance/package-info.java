/**
 * The lock-free classes of balancing under real races, beside those of fault tolerance: what calls that end at the same
 * moment on several processors leave in the counters of one instance. {@code ./treaty stress -t LoadStress} runs them.
 */
@NullMarked
package dev.treaty.balance;

import org.jspecify.annotations.NullMarked;
