package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/** Injects faults into a process of the shop. It is served only if the process is started with {@code --chaos}. */
@Contract(name = "shop.Chaos", version = "1.0.0")
@Description("Injects faults into the process that answers, for demonstrations.")
public interface Chaos {
    long DELAY_MILLIS_MAX = 60_000;

    /** Delays every call of the shop to this process; zero ends it. */
    @Idempotent
    @Description("Delays every call of the shop to this process; zero ends it.")
    void delay(@Description("The delay in milliseconds, 0 to 60000.") long millis);
}
