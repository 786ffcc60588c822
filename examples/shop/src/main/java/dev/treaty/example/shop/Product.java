package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;

/** Something the shop sells. */
@Description("Something the shop sells.")
public record Product(
        @Description("Its id.") String id,
        @Description("Its name.") String name,
        @Description("What one costs, in cents.") long priceCents) {}
