package dev.treaty.core.call;

import java.util.List;

/**
 * The instances from which the load-balancing policy selected one for an attempt, as recorded in a {@link
 * DecisionRecord}. It is a view of the balancer's snapshot, so that calls whose record is not read cost nothing more.
 */
public interface CandidateSet {
    /** The number of instances that the attempt could be sent to. */
    int eligible();

    /** The instances that were excluded, or had a smaller share, in the order of their ids. */
    List<Exclusion> exclusions();

    /** Returns true if too many instances were unhealthy, so that unhealthy ones were candidates too. */
    boolean panic();
}
