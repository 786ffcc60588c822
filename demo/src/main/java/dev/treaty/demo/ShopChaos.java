package dev.treaty.demo;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

/** The part of the contract {@code shop.Chaos} that the demo calls. */
@Contract(name = "shop.Chaos", version = "1.0.0")
interface ShopChaos {
    /** Delays every call to the process; zero ends it. */
    @Idempotent
    void delay(long millis);
}
