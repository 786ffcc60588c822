package dev.treaty.example.shop;

import java.util.List;

/** The products of the shop. */
final class Catalogue {
    /** All products, best sellers first. */
    static final List<Product> PRODUCTS = List.of(
            new Product("tea", "Green tea, 100 g", 690),
            new Product("coffee", "Coffee beans, 1 kg", 1890),
            new Product("honey", "Forest honey", 820),
            new Product("bread", "Rye bread", 450),
            new Product("cheese", "Mountain cheese, 300 g", 980),
            new Product("apples", "Apples, 2 kg", 520),
            new Product("oil", "Olive oil, 0.75 l", 1490),
            new Product("pasta", "Pasta, 500 g", 260),
            new Product("rice", "Rice, 1 kg", 390),
            new Product("salt", "Sea salt", 310),
            new Product("pepper", "Black pepper", 470),
            new Product("wine", "Red wine", 1250),
            new Product("juice", "Pear juice, 1 l", 380),
            new Product("nuts", "Walnuts, 200 g", 640),
            new Product("oats", "Oats, 1 kg", 290),
            new Product("jam", "Plum jam", 430),
            new Product("butter", "Butter, 250 g", 360),
            new Product("milk", "Milk, 1 l", 170),
            new Product("eggs", "Ten eggs", 410),
            new Product("flour", "Wheat flour, 1 kg", 150),
            new Product("yeast", "Yeast", 60),
            new Product("cocoa", "Cocoa, 250 g", 540),
            new Product("vanilla", "Vanilla", 790),
            new Product("candles", "Beeswax candles", 1190));

    private Catalogue() {}
}
