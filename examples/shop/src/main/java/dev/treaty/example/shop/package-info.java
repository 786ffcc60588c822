/**
 * A small shop of five services, each of which can run in a process of its own. {@code treaty demo} starts it as
 * separate processes and injects faults under load. The services work on a real database, and every operation that
 * changes something is idempotent by an id that the caller chooses, which makes retries safe.
 *
 * <pre>{@code
 * Storefront ──▶ Orders ──▶ Inventory
 *      │            └─────▶ Payments
 *      └──────▶ Recommendations          (with a fallback: a page is complete without them)
 * }</pre>
 *
 * <p>An implementation knows other services only by their contracts, so they can be objects, as in a test, or
 * processes:
 *
 * <pre>{@code
 * try (var database = Database.open("jdbc:h2:mem:shop", "shop", "secret");
 *         var treaty = Treaty.open()) {
 *     treaty.serve(Inventory.class, new StoredInventory(database));
 *     treaty.serve(Payments.class, new StoredPayments(database));
 *     treaty.serve(Orders.class,
 *             new StoredOrders(database, treaty.client(Inventory.class), treaty.client(Payments.class)));
 *     Order order = treaty.client(Orders.class).place(new NewOrder("42", "ann", List.of(new Line("tea", 2))));
 * }
 * }</pre>
 */
package dev.treaty.example.shop;
