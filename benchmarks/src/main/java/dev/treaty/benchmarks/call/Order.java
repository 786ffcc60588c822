package dev.treaty.benchmarks.call;

/** What is sent: 145 bytes as JSON if the note is short. */
record Order(
        String id,
        String customer,
        String item,
        int quantity,
        long priceCents,
        String currency,
        boolean express,
        String note) {
    private static final String NOTE = "at the porch";

    /** The n-th of some orders, all of the same size and no two alike. */
    static Order example(int n) {
        return example(n, NOTE);
    }

    /** The same with another note. */
    static Order example(int n, String note) {
        int digits = Math.floorMod(n, 10_000);
        return new Order(
                "o-" + (4_700_000 + digits),
                "c-" + (90_000 + digits % 1000),
                "teapot-xl",
                1 + digits % 9,
                100_000 + digits,
                "EUR",
                true,
                note);
    }
}
