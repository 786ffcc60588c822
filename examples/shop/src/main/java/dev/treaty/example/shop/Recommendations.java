package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Guesses what a customer might like: nice to have, and a page is complete without it. */
@Contract(name = "shop.Recommendations", version = "1.0.0")
@Description("Guesses what a customer might like.")
public interface Recommendations {
    /** What the customer might like, best first. */
    @Idempotent
    @Description("What the customer might like, best first.")
    List<Product> suggest(
            @Description("The customer's id.") String customer,
            @Description("How many products.") @DefaultValue("3") int limit);
}
