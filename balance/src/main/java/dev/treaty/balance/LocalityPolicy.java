package dev.treaty.balance;

/**
 * Whether near instances are preferred, and when calls spill over to others. Instances in the client's own zone come
 * first, then those in its region, then all others. A level takes as much of the calls as its healthy share times
 * {@code overprovisioning} allows, and passes the rest on: with 1.4 nothing spills until less than 72 % of the own zone
 * is well, and then bit by bit. What counts as well is what all of balancing takes for well, whichever part found out.
 *
 * @param prefer how near is near
 * @param overprovisioning by how much the instances of a level could take more than their part
 * @param minimumInstances a level with fewer instances is not preferred: it could not carry this client's calls
 */
public record LocalityPolicy(Nearness prefer, double overprovisioning, int minimumInstances) {
    /** The own zone, 1.4, at least two instances. */
    public static final LocalityPolicy DEFAULT = new LocalityPolicy(Nearness.ZONE, 1.4, 2);

    /** How near is near. */
    public enum Nearness {
        /** All are alike. */
        NONE,
        /** The same region before others. */
        REGION,
        /** The same zone before the same region before others. */
        ZONE
    }

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public LocalityPolicy {
        PolicyChecks.within("overprovisioning", overprovisioning, 1, 10);
        PolicyChecks.within("minimum-instances", minimumInstances, 1, 1_000_000);
    }
}
