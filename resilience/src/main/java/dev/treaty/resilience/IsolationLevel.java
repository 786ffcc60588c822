package dev.treaty.resilience;

/** Which fault-tolerance policies are in force; each level includes those below it. */
public enum IsolationLevel {
    /** Only the deadline. */
    NONE,
    /** A timeout for each attempt, and retries within a budget. */
    BASIC,
    /** Also a circuit breaker at every instance, and fallbacks. */
    ENHANCED,
    /** All policies. */
    FULL;

    /** Returns whether this level has all policies of the other. */
    public boolean includes(IsolationLevel other) {
        return compareTo(other) >= 0;
    }
}
