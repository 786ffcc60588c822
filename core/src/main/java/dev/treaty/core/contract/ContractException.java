package dev.treaty.core.contract;

import java.util.List;

/** Thrown for an invalid contract; it lists every problem, one sentence each. */
public final class ContractException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    /**
     * @param subject what was read, such as {@code contract com.acme.Orders}
     * @param problems what is wrong, where, and how to correct it
     */
    public ContractException(String subject, List<String> problems) {
        super(subject + " cannot be used:\n  - " + String.join("\n  - ", problems));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, one sentence each. */
    public List<String> problems() {
        return problems;
    }
}
