package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/**
 * Orders, one minor version on: everything of 1.0 as it was, and one operation more. Callers of 1.0 notice nothing,
 * so both versions may run side by side while one replaces the other.
 */
@Contract(name = "shop.Orders", version = "1.1.0")
@Description("Keeps the orders: reserves the goods, takes the money, writes it down, and says where the goods are.")
public interface TrackedOrders extends Orders {
    /** Where the goods are. */
    @Idempotent
    @Description("Where the goods of an order are; not_found where there is no such order.")
    Tracking track(@Description("The id of the order.") String id);
}
