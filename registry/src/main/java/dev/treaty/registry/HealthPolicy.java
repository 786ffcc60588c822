package dev.treaty.registry;

import java.time.Duration;

/**
 * How often an instance is asked how it feels, and what it takes to be believed.
 *
 * @param interval from one answer to the next question; spread by a tenth, so that many checks do not go together
 * @param timeout how long an answer may take; one that takes longer counts as critical
 * @param rise how many good answers in a row bring an instance back that was critical
 * @param fall how many bad answers in a row make an instance critical that was well
 */
public record HealthPolicy(Duration interval, Duration timeout, int rise, int fall) {
    /** The shortest interval. */
    public static final Duration INTERVAL_MIN = Duration.ofMillis(10);

    /** The longest interval and timeout. */
    public static final Duration DURATION_MAX = Duration.ofHours(1);

    /** The most answers in a row that may be asked for. */
    public static final int ANSWERS_MAX = 100;

    /** One lost answer is chance, two are a reason; a good one is believed at once. */
    public static final HealthPolicy STANDARD = new HealthPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1), 1, 2);

    /** For what an instance says of itself: it knows, so it is believed at once. */
    public static final HealthPolicy OWN = new HealthPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1), 1, 1);

    /** @throws IllegalArgumentException where a value is out of range */
    public HealthPolicy {
        within("interval", interval, INTERVAL_MIN);
        within("timeout", timeout, Duration.ofMillis(1));
        within("rise", rise);
        within("fall", fall);
    }

    private static void within(String what, Duration value, Duration min) {
        if (value.compareTo(min) < 0 || value.compareTo(DURATION_MAX) > 0) {
            throw new IllegalArgumentException(what + " is " + value.toMillis() + " ms: use " + min.toMillis()
                    + " ms to " + DURATION_MAX.toHours() + " h");
        }
    }

    private static void within(String what, int value) {
        if (value < 1 || value > ANSWERS_MAX) {
            throw new IllegalArgumentException(what + " is " + value + ": use 1 to " + ANSWERS_MAX);
        }
    }
}
