package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Keeps the stock and the prices. */
@Contract(name = "shop.Inventory", version = "1.0.0")
@Description("Keeps the stock and the prices.")
public interface Inventory {
    /** Reserves the goods of an order, all or nothing. */
    @Idempotent
    @Description("Reserves the goods of an order, all or nothing; for the same order only once.")
    Reservation reserve(
            @Description("The order's id.") String orderId,
            @Description("The goods, 1 to 100 lines.") List<Line> lines);

    /** Returns the available quantity. */
    @Idempotent
    @Description("Returns the available quantity of a product; not_found if the shop does not sell it.")
    int stock(@Description("The product's id.") String product);
}
