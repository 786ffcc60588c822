package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;
import java.util.List;

/** An order that was placed. */
@Description("An order that was placed.")
public record Order(
        @Description("The id that the caller chose.") String id,
        @Description("Who bought.") String customer,
        @Description("What.") List<Line> lines,
        @Description("What it cost, in cents.") long totalCents,
        @Description("The payment that paid for it.") String paymentId,
        @Description("When.") Instant placedAt) {}
