package dev.treaty.demo;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

/** What the demo needs of a process of the shop that it makes slow: the caller's own view of a contract of the shop. */
@Contract(name = "shop.Chaos", version = "1.0.0")
interface ShopChaos {
    /** Makes every call to the process wait that long first; zero ends it. */
    @Idempotent
    void delay(long millis);
}
