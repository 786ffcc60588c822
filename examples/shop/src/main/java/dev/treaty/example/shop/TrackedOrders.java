package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/**
 * The next minor version of {@link Orders}, with one more operation. It is compatible with clients of 1.0, so both
 * versions can run side by side during a rollout.
 */
@Contract(name = "shop.Orders", version = "1.1.0")
@Description("Places, stores and tracks orders: reserves the goods, charges the customer and stores the order.")
public interface TrackedOrders extends Orders {
    /** Returns the state of an order's delivery. */
    @Idempotent
    @Description("Returns the state of an order's delivery; not_found if there is no order with the id.")
    Tracking track(@Description("The order's id.") String id);
}
