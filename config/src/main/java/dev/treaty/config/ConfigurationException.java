package dev.treaty.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration that cannot be used: everything that is wrong with it, at most {@value #PROBLEMS_MAX} problems. */
public final class ConfigurationException extends IllegalArgumentException {
    /** The most problems that are told at once. */
    public static final int PROBLEMS_MAX = 50;

    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    /** @param problems what is wrong, at least one, in the order to show it */
    ConfigurationException(List<Problem> problems) {
        super(message(problems));
        this.problems = problems.stream().limit(PROBLEMS_MAX).toList();
    }

    private static String message(List<Problem> problems) {
        String lines =
                problems.stream().limit(PROBLEMS_MAX).map(Problem::toString).collect(Collectors.joining("\n  - "));
        int more = problems.size() - PROBLEMS_MAX;
        return problems.size() == 1 && more <= 0
                ? lines
                : "the configuration has " + problems.size() + " problems:\n  - " + lines
                        + (more > 0 ? "\n  and " + more + " more" : "");
    }

    /** What is wrong, file first to last line, then variables. */
    public List<Problem> problems() {
        return problems;
    }
}
