package dev.treaty.example.shop;

import dev.treaty.core.contract.Description;
import java.util.List;

/** A customer's page. */
@Description("A customer's page.")
public record Page(
        @Description("The customer's id.") String customer,
        @Description("The latest orders, newest first.") List<Order> recent,
        @Description("Recommended products, best first.") List<Product> recommended) {}
