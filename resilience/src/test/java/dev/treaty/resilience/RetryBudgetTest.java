package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private final ManualTime time = new ManualTime();

    private RetryBudget budget(double perCall, double perSecond) {
        RetryPolicy d = RetryPolicy.DEFAULT;
        return new RetryBudget(
                new RetryPolicy(3, d.backoff(), d.backoffMax(), 2, Jitter.FULL, perCall, perSecond), time);
    }

    private static int spendAll(RetryBudget budget) {
        int spent = 0;
        while (budget.spend()) {
            spent++;
        }
        return spent;
    }

    @Test
    void startsNearlyEmpty() {
        assertThat(spendAll(budget(0.2, 10))).isEqualTo(1);
    }

    @Test
    void callsEarnTheirPart() {
        var budget = budget(0.2, 0);
        for (int i = 0; i < 50; i++) {
            budget.earn();
        }
        assertThat(spendAll(budget)).isEqualTo(11);
    }

    @Test
    void timeEarnsTooAndThereIsAMaximum() {
        var budget = budget(0, 10);
        spendAll(budget);
        time.advance(Duration.ofSeconds(2));
        assertThat(spendAll(budget)).isEqualTo(20);
        time.advance(Duration.ofHours(2));
        assertThat(budget.balance()).isEqualTo(RetryBudget.BALANCE_MAX);
        assertThat(spendAll(budget)).isEqualTo(RetryBudget.BALANCE_MAX);
    }
}
