package dev.treaty.balance;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;

/**
 * Whether nearby instances are preferred, and when calls spill over to others. Instances in the client's zone come
 * first, then those in its region, then all others. A level takes calls in proportion to its healthy share times {@code
 * overprovisioning} and leaves the rest to the next level: with 1.4 calls spill over if less than 72 % of the zone is
 * healthy, and then gradually. Every reason for exclusion as unhealthy counts: reported health, breakers, ejection.
 *
 * @param prefer which instances are near
 * @param overprovisioning the factor by which the instances of a level can exceed their share
 * @param minimumInstances a level with fewer instances is not preferred, because it could not carry this client's calls
 */
public record LocalityPolicy(
        @Description("Which instances are near: those in the same `zone`, in the same `region`, or `none`.")
        Nearness prefer,

        @Description("How much more than their part near instances may take before calls spill over.")
        @Accepted(min = "1", max = "10")
        double overprovisioning,

        @Description("A zone with fewer instances is not preferred.") @Accepted(min = "1", max = "1000000")
        int minimumInstances) {
    /** Same zone, 1.4, at least two instances. */
    public static final LocalityPolicy DEFAULT = new LocalityPolicy(Nearness.ZONE, 1.4, 2);

    /** Which instances are near. */
    public enum Nearness {
        /** All instances are equal. */
        NONE,
        /** The same region before others. */
        REGION,
        /** The same zone before the same region before others. */
        ZONE
    }

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public LocalityPolicy {
        PolicyChecks.within("overprovisioning", overprovisioning, 1.0, 10.0);
        PolicyChecks.within("minimum-instances", minimumInstances, 1, 1_000_000);
    }
}
