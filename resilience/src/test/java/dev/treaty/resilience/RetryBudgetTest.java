package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private final ManualTime time = new ManualTime();
    private final AtomicLong calls = new AtomicLong();

    private RetryBudget budget(double perCall, double perSecond) {
        return new RetryBudget(perCall, perSecond, calls::get, time);
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
        calls.addAndGet(50);
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
