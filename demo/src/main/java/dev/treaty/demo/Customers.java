package dev.treaty.demo;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Makes the calls of a demo. Customers take turns in placing an order and in looking at their page.
 *
 * @param series the prefix of each order's id, so that series do not repeat orders of each other
 */
record Customers(Storefront storefront, String series) {
    private static final int CUSTOMERS = 997;

    private static final List<String> PRODUCTS = List.of(
            "tea", "coffee", "honey", "bread", "cheese", "apples", "oil", "pasta", "rice", "salt", "wine", "nuts");

    /** The service that customers call. */
    @FunctionalInterface
    interface Storefront {
        ServiceResponse<?> call(String operation, Map<String, ?> request, Duration deadline)
                throws InterruptedException;
    }

    static String operation(long number) {
        return number % 2 == 0 ? "checkout" : "browse";
    }

    /** Makes the call with a number. It does not throw. */
    ServiceResponse<?> call(long number, Duration deadline) {
        try {
            return storefront.call(operation(number), request(number), deadline);
        } catch (InterruptedException e) {
            return ServiceResponse.failed(Code.CANCELED, "the demo was interrupted");
        } catch (RuntimeException e) {
            return ServiceResponse.failed(Code.INTERNAL, "internal error in the client: " + e);
        }
    }

    private Map<String, ?> request(long number) {
        String customer = "customer-" + number % CUSTOMERS;
        if (number % 2 != 0) {
            return Map.of("customer", customer);
        }
        int product = (int) (number / 2 % PRODUCTS.size());
        List<?> lines = List.of(line(product, 1 + number % 3), line((product + 5) % PRODUCTS.size(), 1));
        return Map.of("id", series + "-" + number, "customer", customer, "lines", lines);
    }

    private static Map<String, ?> line(int product, long quantity) {
        return Map.of("product", PRODUCTS.get(product), "quantity", quantity);
    }
}
