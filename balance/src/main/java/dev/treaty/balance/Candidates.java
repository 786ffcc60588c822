package dev.treaty.balance;

/**
 * The instances among which a {@link LoadBalancer} picks, by index: one unchanging snapshot, whose loads are read as
 * they are at that moment. Looking at it allocates nothing.
 */
public interface Candidates {
    /** How many there are. */
    int size();

    /** The id of that instance. */
    String id(int index);

    /** Whether it takes calls: healthy, not draining, its breaker not open. A picker never picks one that does not. */
    boolean available(int index);

    /** How many calls this process has under way there. */
    int inFlight(int index);
}
