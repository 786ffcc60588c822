package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.util.List;

/** A request to place an order. */
@Description("A request to place an order.")
public record NewOrder(
        @Description(
                "The order's id, 1 to 64 characters. The caller chooses it, and an order with the same id is placed"
                        + " once.")
        String id,

        @Description("The customer's id.") String customer,
        @Description("The products, 1 to 100 lines.") List<Line> lines) {}
