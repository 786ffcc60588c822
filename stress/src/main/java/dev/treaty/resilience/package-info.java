/**
 * Stress tests of the lock-free classes of fault tolerance: two or three processors race, and jcstress checks that
 * every result is acceptable. The Lincheck tests of the module check the interleavings; these check the memory model.
 * {@code ./treaty stress} runs them.
 */
@NullMarked
package dev.treaty.resilience;

import org.jspecify.annotations.NullMarked;
