package dev.treaty.example.shop;

import java.util.List;

/** Recommends the best sellers: the storefront's fallback for {@link Recommendations}. */
final class Bestsellers implements Recommendations {
    @Override
    public List<Product> suggest(String customer, int limit) {
        return Catalogue.PRODUCTS.subList(0, Math.min(limit, Catalogue.PRODUCTS.size()));
    }
}
