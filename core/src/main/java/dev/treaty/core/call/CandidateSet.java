package dev.treaty.core.call;

import java.util.List;

/**
 * Among whom the instance for an attempt was picked, as a {@link DecisionRecord} keeps it. Whoever picks hands over the
 * snapshot that it picked from, so that nothing is made up for calls that nobody asks about.
 */
public interface CandidateSet {
    /** How many instances could have got the attempt. */
    int eligible();

    /** Those that could not, or only with a smaller share, each with its reason; in the order of their ids. */
    List<Exclusion> exclusions();

    /** True where so many were sick that the sick were picked from as well. */
    boolean panic();
}
