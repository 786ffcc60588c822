package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;

/** One line of an order. */
@Description("One line of an order.")
public record Line(
        @Description("The product's id.") String product,
        @Description("The quantity, 1 to 1000.") int quantity) {}
