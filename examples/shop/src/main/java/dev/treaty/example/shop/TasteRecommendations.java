package dev.treaty.example.shop;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Recommends the products that are most similar to a customer. Customers and products are vectors that follow from
 * their ids, so every instance recommends the same.
 */
final class TasteRecommendations implements Recommendations {
    private static final int DIMENSIONS = 16;

    private record Scored(Product product, double score) {}

    @Override
    public List<Product> suggest(String customer, int limit) {
        Checks.id("customer", customer);
        if (limit < 1 || limit > Catalogue.PRODUCTS.size()) {
            throw Checks.invalid("limit is " + limit + ": use 1 to " + Catalogue.PRODUCTS.size());
        }
        double[] customerVector = vector(customer);
        return Catalogue.PRODUCTS.stream()
                .map(product -> new Scored(product, similarity(customerVector, vector(product.id()))))
                .sorted(Comparator.comparingDouble(Scored::score).reversed())
                .limit(limit)
                .map(Scored::product)
                .toList();
    }

    private static double[] vector(String id) {
        return new SplittableRandom(id.hashCode()).doubles(DIMENSIONS, -1, 1).toArray();
    }

    /** Returns the cosine similarity. */
    private static double similarity(double[] a, double[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < DIMENSIONS; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }
}
