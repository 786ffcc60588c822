package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;

/** Goods that were set aside. */
@Description("Goods that were set aside.")
public record Reservation(
        @Description("The order they are for.") String orderId,
        @Description("What they cost together, in cents.") long totalCents) {}
