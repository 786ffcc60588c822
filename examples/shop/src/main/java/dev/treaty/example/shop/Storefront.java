package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/** What the shop's customers see. */
@Contract(name = "shop.Storefront", version = "1.0.0")
@Description("What the shop's customers see: a page to look at and a till.")
public interface Storefront {
    /** Buys; sending the same order again buys nothing more. */
    @Idempotent
    @Description("Buys. The customer's side chooses the order's id, so sending it again buys nothing more.")
    Order checkout(NewOrder order);

    /** The customer's page. */
    @Idempotent
    @Description("The customer's page: what they bought last, and what they might like.")
    Page browse(@Description("The customer's id.") String customer);
}
