package dev.treaty.example.shop;

/** The storefront. It stores nothing and calls other services. */
final class ShopFront implements Storefront {
    static final int RECENT_MAX = 3;

    static final int RECOMMENDED_MAX = 3;

    private final Orders orders;
    private final Recommendations recommendations;

    ShopFront(Orders orders, Recommendations recommendations) {
        this.orders = orders;
        this.recommendations = recommendations;
    }

    @Override
    public Order checkout(NewOrder order) {
        return orders.place(order);
    }

    @Override
    public Page browse(String customer) {
        Checks.id("customer", customer);
        return new Page(
                customer, orders.list(customer, RECENT_MAX), recommendations.suggest(customer, RECOMMENDED_MAX));
    }
}
