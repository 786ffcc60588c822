package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.time.Instant;

/** The state of an order's delivery. */
@Description("The state of an order's delivery.")
public record Tracking(
        @Description("The order's id.") String orderId,
        @Description("The stage.") Stage stage,
        @Description("When the stage began.") Instant since) {

    /** A stage of the delivery. */
    @Description("A stage of the delivery.")
    public enum Stage {
        PLACED,
        PACKED,
        SHIPPED
    }
}
