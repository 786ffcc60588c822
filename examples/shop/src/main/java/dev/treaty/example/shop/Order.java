package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;
import java.util.List;

/** A placed order. */
@Description("A placed order.")
public record Order(
        @Description("The id that the caller chose.") String id,
        @Description("The customer's id.") String customer,
        @Description("The products.") List<Line> lines,
        @Description("The total price in cents.") long totalCents,
        @Description("The id of its payment.") String paymentId,
        @Description("When it was placed.") Instant placedAt) {}
