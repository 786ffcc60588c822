package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/** The service that customers call. */
@Contract(name = "shop.Storefront", version = "1.0.0")
@Description("The service that customers call.")
public interface Storefront {
    /** Places an order. A repeated call places nothing more. */
    @Idempotent
    @Description("Places an order. The client chooses its id, so a repeated call places nothing more.")
    Order checkout(NewOrder order);

    /** Returns the customer's page. */
    @Idempotent
    @Description("Returns the customer's page: the latest orders and recommended products.")
    Page browse(@Description("The customer's id.") String customer);
}
