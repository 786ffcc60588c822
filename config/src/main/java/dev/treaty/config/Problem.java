package dev.treaty.config;

import java.util.Comparator;

/**
 * One problem of a configuration.
 *
 * @param source the file as it was named, or the environment variable
 * @param line the line in the file, from 1; 0 for none
 * @param column the column in the line, from 1; 0 for none
 * @param key the full key, such as {@code services.shop.Orders.retry.attempts}; may be empty
 * @param message what is wrong and what to write instead
 */
public record Problem(String source, int line, int column, String key, String message) {
    static final Comparator<Problem> ORDER = Comparator.comparing(Problem::source)
            .thenComparingInt(Problem::line)
            .thenComparingInt(Problem::column)
            .thenComparing(Problem::key);

    /** The problem as one line: {@code treaty.yaml:12:5: server.port: "many" is not a whole number; …}. */
    @Override
    public String toString() {
        String place = line > 0 ? ":" + line + ":" + column : "";
        return source + place + ": " + (key.isEmpty() ? "" : key + ": ") + message;
    }
}
