package dev.treaty.benchmarks;

/**
 * Something measured.
 *
 * @param name as in the names of ratios, such as {@code throughput}
 * @param unit of its values, such as {@code µs/call}
 * @param kind how values are compared and summed up
 */
public record Figure(String name, String unit, Kind kind) {

    /** How values are compared and summed up. */
    public enum Kind {
        /** More is better; a row has the median of the rounds. */
        HIGHER_IS_BETTER,
        /** Less is better; a row has the median of the rounds. */
        LOWER_IS_BETTER,
        /** Each one matters, so a row has the sum of the rounds; it is shown and not compared. */
        COUNTED
    }

    /** One of which more is better. */
    public static Figure higher(String name, String unit) {
        return new Figure(name, unit, Kind.HIGHER_IS_BETTER);
    }

    /** One of which less is better. */
    public static Figure lower(String name, String unit) {
        return new Figure(name, unit, Kind.LOWER_IS_BETTER);
    }

    /** One that is added up, such as errors. */
    public static Figure counted(String name) {
        return new Figure(name, "", Kind.COUNTED);
    }
}
