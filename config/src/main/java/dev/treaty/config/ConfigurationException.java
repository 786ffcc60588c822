package dev.treaty.config;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown for an invalid configuration, with all its problems: the first {@value #PROBLEMS_MAX} are listed. */
public final class ConfigurationException extends IllegalArgumentException {
    /** The most problems that are listed. */
    public static final int PROBLEMS_MAX = 50;

    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    /** @param problems at least one, in the order to show them */
    ConfigurationException(List<Problem> problems) {
        super(message(problems));
        this.problems = problems.stream().limit(PROBLEMS_MAX).toList();
    }

    private static String message(List<Problem> problems) {
        int more = problems.size() - PROBLEMS_MAX;
        return problems.stream()
                .limit(PROBLEMS_MAX)
                .map(Problem::toString)
                .collect(Collectors.joining(
                        "\n  - ",
                        problems.size() == 1 ? "" : "the configuration has " + problems.size() + " problems:\n  - ",
                        more > 0 ? "\n  and " + more + " more" : ""));
    }

    /** Returns the problems: those of the file by line, then those of variables. */
    public List<Problem> problems() {
        return problems;
    }
}
