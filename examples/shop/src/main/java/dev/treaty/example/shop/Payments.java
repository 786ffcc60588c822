package dev.treaty.example.shop;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import java.util.List;

/** Takes the money. */
@Contract(name = "shop.Payments", version = "1.0.0")
@Description("Takes the money.")
public interface Payments {
    /** Takes that amount once. */
    @Idempotent
    @Description("Takes an amount. The caller chooses the payment's id, so asking again takes nothing more.")
    Receipt charge(
            @Description("Chosen by the caller.") String paymentId,
            @Description("Who pays.") String customer,
            @Description("How much, in cents; more than nothing.") long amountCents);

    /** The customer's receipts, newest first, at most 100. */
    @Idempotent
    @Description("The customer's receipts, newest first, at most 100.")
    List<Receipt> receipts(@Description("Who paid.") String customer);
}
