package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Places and stores orders: reserves the goods, charges the customer and stores the order. */
@Contract(name = "shop.Orders", version = "1.0.0")
@Description("Places and stores orders: reserves the goods, charges the customer and stores the order.")
public interface Orders {
    int LIST_MAX = 100;

    /** Places an order. Placing it again returns the order that was placed. */
    @Idempotent
    @Description("Places an order. Placing it again under the same id returns the order that was placed.")
    Order place(NewOrder order);

    /** Returns an order. */
    @Idempotent
    @Description("Returns an order; not_found if there is none with the id.")
    Order get(@Description("The order's id.") String id);

    /** Returns the customer's orders, newest first. */
    @Idempotent
    @Description("Returns the customer's orders, newest first.")
    List<Order> list(
            @Description("The customer's id.") String customer,
            @Description("The most orders to return, up to 100.") @DefaultValue("20") int limit);
}
