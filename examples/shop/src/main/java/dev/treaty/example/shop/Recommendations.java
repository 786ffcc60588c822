package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Recommends products. A page is complete without them. */
@Contract(name = "shop.Recommendations", version = "1.0.0")
@Description("Recommends products.")
public interface Recommendations {
    /** Returns products that the customer may like, best first. */
    @Idempotent
    @Description("Returns products that the customer may like, best first.")
    List<Product> suggest(
            @Description("The customer's id.") String customer,
            @Description("The number of products.") @DefaultValue("3") int limit);
}
