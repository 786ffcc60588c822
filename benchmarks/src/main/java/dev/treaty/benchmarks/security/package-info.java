/**
 * What security costs, and what a flood of one sender leaves to others.
 *
 * <p>{@link SecurityBenchmark} has JMH measure each of {@link SecurityChecks} in a process of its own. For the floods,
 * {@link SecuredServer}, {@link PoliteClient} and {@link Flood} are processes of their own: the client calls at a fixed
 * rate while the flood sends as much as it can, and again while the same process only uses as many processors.
 */
@NullMarked
package dev.treaty.benchmarks.security;

import org.jspecify.annotations.NullMarked;
