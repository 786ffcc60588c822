package dev.treaty.benchmarks;

import java.util.Map;

/**
 * The figures of one subject in one setting in one round.
 *
 * @param setting such as {@code c128}, for 128 concurrent callers
 * @param round samples of the same round are compared with each other
 * @param values by the figures' names; a figure without a value was not measurable, such as a latency without any call
 */
public record Sample(String subject, String setting, int round, Map<String, Double> values) {

    /** @throws IllegalArgumentException where a value is not a number */
    public Sample {
        values = Map.copyOf(values);
        values.forEach((figure, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(subject + "." + setting + "." + figure + " is " + value
                        + ": leave out what was not measurable");
            }
        });
    }
}
