package dev.treaty.balance;

import dev.treaty.balance.LocalityPolicy.Nearness;
import dev.treaty.core.discovery.ServiceInstance;

/**
 * The region and zone of a client, and its position among the clients that share a subset of instances.
 *
 * @param region such as {@code eu}; empty if unknown
 * @param zone such as {@code eu-1a}; empty if unknown
 * @param index the position among the clients that share a subset, from 0
 * @param clients the number of these clients
 */
public record Locality(String region, String zone, int index, int clients) {
    /** An unknown location, and a single client. */
    public static final Locality ANYWHERE = new Locality("", "", 0, 1);

    /** @throws IllegalArgumentException if the index is not less than the number of clients */
    public Locality {
        PolicyChecks.within("clients", clients, 1, 10_000_000);
        PolicyChecks.within("index", index, 0, clients - 1);
    }

    /** Returns 0 for the same zone, 1 for the same region, 2 for others; always 0 if this location is unknown. */
    int distance(ServiceInstance instance, Nearness prefer) {
        if (prefer == Nearness.NONE || (zone.isEmpty() && region.isEmpty())) {
            return 0;
        }
        boolean sameZone = !zone.isEmpty() && zone.equals(instance.zone());
        if (prefer == Nearness.ZONE && sameZone) {
            return 0;
        }
        return sameZone || (!region.isEmpty() && region.equals(instance.region())) ? 1 : 2;
    }
}
