package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Keeps the orders: reserves the goods, takes the money and writes it down. */
@Contract(name = "shop.Orders", version = "1.0.0")
@Description("Keeps the orders: reserves the goods, takes the money and writes it down.")
public interface Orders {
    /** The most orders that {@link #list} returns. */
    int LIST_MAX = 100;

    /** Places an order; placing it again returns what was placed. */
    @Idempotent
    @Description("Places an order. Placing it again under the same id returns what was placed.")
    Order place(NewOrder order);

    /** The order of that id. */
    @Idempotent
    @Description("The order of that id; not_found where there is none.")
    Order get(@Description("The id that the caller chose.") String id);

    /** The customer's orders, newest first. */
    @Idempotent
    @Description("The customer's orders, newest first.")
    List<Order> list(
            @Description("The customer's id.") String customer,
            @Description("The most orders to return, up to 100.") @DefaultValue("20") int limit);
}
