package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Knows what lies on the shelves. */
@Contract(name = "shop.Inventory", version = "1.0.0")
@Description("Knows what lies on the shelves and what it costs.")
public interface Inventory {
    /** Sets goods aside for an order, all or nothing. */
    @Idempotent
    @Description("Sets goods aside for an order, all or nothing; for the same order only once.")
    Reservation reserve(
            @Description("The order they are for.") String orderId,
            @Description("What is wanted, 1 to 100 lines.") List<Line> lines);

    /** How many are left. */
    @Idempotent
    @Description("How many of a product are left; not_found where the shop does not sell it.")
    int stock(@Description("The product's id.") String product);
}
