package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Charges customers. */
@Contract(name = "shop.Payments", version = "1.0.0")
@Description("Charges customers.")
public interface Payments {
    /** Charges an amount once. */
    @Idempotent
    @Description("Charges an amount. The caller chooses the payment's id; a repeated call charges nothing more.")
    Receipt charge(
            @Description("The payment's id.") String paymentId,
            @Description("The customer's id.") String customer,
            @Description("The amount in cents, 1 or more.") long amountCents);

    /** Returns the customer's receipts, newest first, at most 100. */
    @Idempotent
    @Description("Returns the customer's receipts, newest first, at most 100.")
    List<Receipt> receipts(@Description("The customer's id.") String customer);
}
