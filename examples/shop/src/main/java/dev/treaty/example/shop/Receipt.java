package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;

/** The receipt of a payment. */
@Description("The receipt of a payment.")
public record Receipt(
        @Description("The payment's id.") String paymentId,
        @Description("The customer's id.") String customer,
        @Description("The amount in cents.") long amountCents,
        @Description("When it was charged.") Instant chargedAt) {}
