package dev.treaty.demo;

import dev.treaty.core.call.ServiceResponse;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Calls the storefront without pause until the calls do not get faster. This compiles the code that calls run, and
 * measures what the machine carries.
 *
 * @param number the number of the next call
 */
record WarmUp(Customers customers, AtomicLong number) {
    private static final int CALLERS = 8;
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final int ROUNDS_MAX = 5;

    /** Another round follows if a round is faster than the one before by this factor. */
    private static final double GROWTH_MIN = 1.2;

    /** Returns the rate that the storefront reached, in successful calls per second. */
    double run() {
        round(1); // one caller at first, because the first calls of each process are slow
        double best = 0;
        for (int i = 0; i < ROUNDS_MAX; i++) {
            double rate = round(CALLERS);
            if (rate < best * GROWTH_MIN) {
                return Math.max(rate, best);
            }
            best = rate;
        }
        return best;
    }

    private double round(int callers) {
        long start = System.nanoTime();
        var succeeded = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < callers; i++) {
                threads.execute(() -> {
                    while (System.nanoTime() - start < ROUND.toNanos()) {
                        var response = customers.call(number.getAndIncrement(), OpenLoop.DEADLINE);
                        succeeded.addAndGet(response instanceof ServiceResponse.Ok ? 1 : 0);
                    }
                });
            }
        }
        return succeeded.get() * 1e9 / (System.nanoTime() - start);
    }
}
