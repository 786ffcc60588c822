package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.util.List;

/** What a customer sees. */
@Description("What a customer sees.")
public record Page(
        @Description("Whose page it is.") String customer,
        @Description("What they bought last, newest first.") List<Order> recent,
        @Description("What they might like, best first.") List<Product> recommended) {}
