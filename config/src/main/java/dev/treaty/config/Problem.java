package dev.treaty.config;

import java.util.Comparator;

/**
 * One thing that is wrong with a configuration.
 *
 * @param source the file as it was named, or the environment variable
 * @param line where in the file, from 1; 0 where there is no place
 * @param column where in the line, from 1; 0 where there is no place
 * @param key the full key, such as {@code services.shop.Orders.retry.attempts}; may be empty
 * @param message what is wrong and what to write instead
 */
public record Problem(String source, int line, int column, String key, String message) {
    static final Comparator<Problem> ORDER = Comparator.comparing(Problem::source)
            .thenComparingInt(Problem::line)
            .thenComparingInt(Problem::column)
            .thenComparing(Problem::key)
            .thenComparing(Problem::message);

    /** The problem as one line: {@code treaty.yaml:12:5: server.port: "many" is not a whole number; …}. */
    @Override
    public String toString() {
        var text = new StringBuilder(source);
        if (line > 0) {
            text.append(':').append(line).append(':').append(column);
        }
        text.append(": ");
        if (!key.isEmpty()) {
            text.append(key).append(": ");
        }
        return text.append(message).toString();
    }
}
