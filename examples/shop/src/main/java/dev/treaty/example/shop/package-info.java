/**
 * A small shop of five services, each of which may run in a process of its own.
 *
 * <p>It is there to be read, to be tried and to be hurt: {@code treaty demo} starts it as separate processes and then
 * kills, freezes, slows and replaces them under load. The services do real work on a real database, and every
 * operation that changes something is idempotent by an id that its caller chose, which is what makes it safe to try
 * again.
 *
 * <pre>{@code
 * Storefront ──▶ Orders ──▶ Inventory
 *      │            └─────▶ Payments
 *      └──────▶ Recommendations          (a page is complete without them: a fallback answers)
 * }</pre>
 *
 * <p>An implementation knows the other services only by their contracts, so it does not matter to it whether they are
 * objects, as in a test, or processes:
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
