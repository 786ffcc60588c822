package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;

/** Money that was taken. */
@Description("Money that was taken.")
public record Receipt(
        @Description("The id that the caller chose.") String paymentId,
        @Description("Who paid.") String customer,
        @Description("How much, in cents.") long amountCents,
        @Description("When.") Instant chargedAt) {}
