package dev.treaty.registry.spi;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.spi.Backend.Holder;
import dev.treaty.registry.spi.Backend.Holding;

/** Reads and writes the text by which a store marks an id as taken: its owner and its service. */
public final class Claim {
    private Claim() {}

    /** Returns the text for an instance. */
    public static String of(Holding holding) {
        return holding.owner() + " " + holding.service();
    }

    /** Returns the holder that a text stands for; an unknown one if another program has written the text. */
    public static Holder holder(String claim) {
        int space = claim.indexOf(' ');
        try {
            return new Holder(new ServiceName(claim.substring(space + 1)), claim.substring(0, Math.max(0, space)));
        } catch (IllegalArgumentException e) {
            return new Holder(new ServiceName("unknown"), "");
        }
    }
}
