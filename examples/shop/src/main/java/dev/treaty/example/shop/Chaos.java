package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/** Makes a process of the shop behave badly. Offered only where the process was started with {@code --chaos}. */
@Contract(name = "shop.Chaos", version = "1.0.0")
@Description("Makes the process that answers behave badly, for demonstrations.")
public interface Chaos {
    /** The longest delay, in milliseconds. */
    long DELAY_MILLIS_MAX = 60_000;

    /** Makes every call of the shop to this process wait first; zero ends it. */
    @Idempotent
    @Description("Makes every call of the shop to this process wait that long first; zero ends it.")
    void delay(@Description("Milliseconds, 0 to 60000.") long millis);
}
