/**
 * Injected time and random numbers, with which production code runs unchanged in tests and simulations.
 *
 * <p>Code reads clocks, waits and draws random numbers only through a {@link dev.treaty.core.time.Time} and a {@link
 * java.util.random.RandomGenerator} that it gets in its constructor. Production uses {@link
 * dev.treaty.core.time.Time#system()} and {@link dev.treaty.core.time.RandomSource#system()}; a simulation uses virtual
 * time and a seed, and every run with the same seed is the same. Timed waits use {@link
 * dev.treaty.core.time.Time#park} and {@link dev.treaty.core.time.Promise}.
 *
 * {@snippet class="TimeExample" region="wait"}
 */
package dev.treaty.core.time;
