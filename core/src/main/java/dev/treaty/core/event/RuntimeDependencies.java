package dev.treaty.core.event;

import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.util.random.RandomGenerator;

/**
 * What every running part of Treaty gets from outside: clocks, random numbers, and where its events go. Production uses
 * {@link #system}; tests and simulations pass manual time and a seeded generator.
 *
 * @param time clocks and timed waits
 * @param random random numbers for balancing and jitter; for secrets only if a component asks for ones that others cannot
 *     guess, such as {@link RandomSource#secure()}
 * @param events receives everything that happens
 */
public record RuntimeDependencies(Time time, RandomGenerator random, Events events) {

    /** The machine's clocks and random numbers. */
    public static RuntimeDependencies system(Events events) {
        return new RuntimeDependencies(Time.system(), RandomSource.system(), events);
    }
}
