package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;

/** Where the goods of an order are. */
@Description("Where the goods of an order are.")
public record Tracking(
        @Description("The order.") String orderId,
        @Description("How far it is.") Stage stage,
        @Description("Since when.") Instant since) {

    /** How far an order is. */
    @Description("How far an order is.")
    public enum Stage {
        /** Written down. */
        PLACED,
        /** In its parcel. */
        PACKED,
        /** On its way. */
        SHIPPED
    }
}
