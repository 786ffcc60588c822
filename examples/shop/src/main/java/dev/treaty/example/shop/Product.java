package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;

/** A product of the shop. */
@Description("A product of the shop.")
public record Product(
        @Description("Its id.") String id,
        @Description("Its name.") String name,
        @Description("The price in cents.") long priceCents) {}
