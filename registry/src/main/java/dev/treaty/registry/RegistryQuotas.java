package dev.treaty.registry;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.Range;

/**
 * What one identity may hold of a registry, so that one alone cannot fill it. It counts for callers whose name is
 * proven, and for all others together.
 *
 * @param instances the most instances
 * @param contracts the most services whose contracts it has published
 */
public record RegistryQuotas(
        @Description("The most instances that one identity registers.") @Accepted(min = "1", max = "10000000")
        int instances,

        @Description("The most services whose contracts one identity publishes.") @Accepted(min = "1", max = "1000000")
        int contracts) {
    /** 10,000 instances, and contracts of 1,000 services. */
    public static final RegistryQuotas DEFAULT = new RegistryQuotas(10_000, 1_000);

    /** @throws IllegalArgumentException if a value is out of range */
    public RegistryQuotas {
        Range.check("instances", instances, 1, 10_000_000);
        Range.check("contracts", contracts, 1, 1_000_000);
    }
}
