package dev.treaty.resilience.retry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private final ManualTime time = new ManualTime();
    private final AtomicLong calls = new AtomicLong();

    private RetryBudget budget(double perCall, double perSecond) {
        return new RetryBudget(1, perCall, perSecond, calls::get, time);
    }

    private static int spendAll(RetryBudget budget) {
        int spent = 0;
        while (budget.spend()) {
            spent++;
        }
        return spent;
    }

    /** Each thread spends what it can; some read the balance first. */
    @Test
    void concurrent_threads_spend_exactly_what_was_earned() throws InterruptedException, ExecutionException {
        for (int round = 0; round < 100; round++) {
            var budget = budget(0.25, 0);
            calls.addAndGet(160);
            List<Future<Integer>> results = new ArrayList<>();
            try (var executor = Executors.newFixedThreadPool(4)) {
                for (int i = 0; i < 4; i++) {
                    results.add(executor.submit(() -> budget.balance() >= 0 ? spendAll(budget) : 0));
                }
                int spent = 0;
                for (Future<Integer> result : results) {
                    spent += result.get();
                }
                assertThat(spent).isEqualTo(41);
            }
            assertThat(budget.balance()).isZero();
        }
    }

    @Test
    void a_budget_starts_with_its_reserve_G16() {
        assertThat(spendAll(new RetryBudget(3, 0.2, 10, calls::get, time))).isEqualTo(3);
    }

    @Test
    void calls_earn_a_fraction_of_a_retry() {
        var budget = budget(0.2, 0);
        calls.addAndGet(50);
        assertThat(spendAll(budget)).isEqualTo(11);
    }

    @Test
    void time_earns_retries_up_to_a_maximum() {
        var budget = budget(0, 10);
        spendAll(budget);
        time.advance(Duration.ofSeconds(2));
        assertThat(spendAll(budget)).isEqualTo(20);
        time.advance(Duration.ofHours(2));
        assertThat(budget.balance()).isEqualTo(RetryBudget.BALANCE_MAX);
        assertThat(spendAll(budget)).isEqualTo(RetryBudget.BALANCE_MAX);
    }
}
