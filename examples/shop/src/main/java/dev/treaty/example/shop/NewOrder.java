package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.util.List;

/** What a customer wants to buy. */
@Description("What a customer wants to buy.")
public record NewOrder(
        @Description("Chosen by the caller, 1 to 64 characters; the order is placed once under it.")
        String id,

        @Description("Who buys.") String customer,
        @Description("What, 1 to 100 lines.") List<Line> lines) {}
