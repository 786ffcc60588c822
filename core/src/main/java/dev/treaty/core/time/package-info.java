/**
 * Time and chance, injected: the reason why Treaty's production code runs unchanged in a simulator.
 *
 * <p>Nothing in the fabric reads a clock, waits for a time or draws a random number but through {@link
 * dev.treaty.core.time.Time} and a {@link java.util.random.RandomGenerator} that it was given. Production passes {@link
 * dev.treaty.core.time.Time#system()} and {@link dev.treaty.core.time.RandomSource#system()}; a simulation passes virtual
 * time and a seed, and every run of that seed is the same. Timed waits are built on {@link
 * dev.treaty.core.time.Time#park} and {@link dev.treaty.core.time.Promise}.
 *
 * {@snippet class="TimeExample" region="wait"}
 */
package dev.treaty.core.time;
