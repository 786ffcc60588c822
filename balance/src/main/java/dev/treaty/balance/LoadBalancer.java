package dev.treaty.balance;

import dev.treaty.core.call.Call;

/** Picks the instance that gets an attempt. Load is measured elsewhere; a picker only reads it. */
@FunctionalInterface
public interface LoadBalancer {
    /** What {@link #pick} answers where no candidate is available. */
    int NONE = -1;

    /** The index of the candidate that should get this attempt, or {@link #NONE}. */
    int pick(Candidates candidates, Call call);
}
