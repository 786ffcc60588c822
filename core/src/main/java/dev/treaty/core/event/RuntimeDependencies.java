package dev.treaty.core.event;

import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.util.random.RandomGenerator;

/**
 * The dependencies that running objects get in their constructors: clocks, random numbers and the event stream.
 * Production uses {@link #system}; tests and simulations use manual time and a seeded generator.
 *
 * @param time clocks and timed waits
 * @param random random numbers for balancing and jitter; for secrets only if a component asks for ones that others
 *     cannot guess, such as {@link RandomSource#secure()}
 * @param events receives all events; what it throws is logged and affects nothing else
 */
public record RuntimeDependencies(Time time, RandomGenerator random, Events events) {
    public RuntimeDependencies {
        events = events.harmless();
    }

    /** The machine's clocks and random numbers. */
    public static RuntimeDependencies system(Events events) {
        return new RuntimeDependencies(Time.system(), RandomSource.system(), events);
    }
}
