package dev.treaty.balance;

import dev.treaty.core.discovery.ServiceInstance;

/**
 * Where a client stands: what locality and subsetting go by.
 *
 * @param region such as {@code eu}; empty where nobody said
 * @param zone such as {@code eu-1a}; empty where nobody said
 * @param index which of the clients it is, from 0
 * @param clients how many like it there are
 */
public record Locality(String region, String zone, int index, int clients) {
    /** Nowhere in particular, and alone. */
    public static final Locality ANYWHERE = new Locality("", "", 0, 1);

    /** @throws IllegalArgumentException where the index is not that of one of the clients */
    public Locality {
        PolicyChecks.within("clients", clients, 1, 10_000_000);
        PolicyChecks.within("index", index, 0, clients - 1);
    }

    /** 0 in the same zone, 1 in the same region, 2 elsewhere; all are 0 where this client does not know its own. */
    int distance(ServiceInstance instance, LocalityPolicy.Nearness prefer) {
        if (prefer == LocalityPolicy.Nearness.NONE || (zone.isEmpty() && region.isEmpty())) {
            return 0;
        }
        boolean sameZone = !zone.isEmpty() && zone.equals(instance.zone());
        if (prefer == LocalityPolicy.Nearness.ZONE && sameZone) {
            return 0;
        }
        return sameZone || (!region.isEmpty() && region.equals(region(instance))) ? 1 : 2;
    }

    private static String region(ServiceInstance instance) {
        return instance.region();
    }
}
