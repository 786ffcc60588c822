package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;

/** Goods that are reserved for an order. */
@Description("Goods that are reserved for an order.")
public record Reservation(
        @Description("The order's id.") String orderId,
        @Description("The total price in cents.") long totalCents) {}
