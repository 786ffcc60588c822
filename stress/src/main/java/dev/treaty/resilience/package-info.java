/**
 * The lock-free classes of fault tolerance under real races: what two or three processors may see of each other, and
 * whatever the compiler makes of it. Lincheck's tests in the module itself go through the interleavings; these go
 * through the memory model. {@code ./treaty stress} runs them.
 */
@NullMarked
package dev.treaty.resilience;

import org.jspecify.annotations.NullMarked;
