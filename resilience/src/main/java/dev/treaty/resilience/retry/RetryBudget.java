package dev.treaty.resilience.retry;

import dev.treaty.core.time.Time;
import java.util.function.LongSupplier;

/**
 * Keeps retries from multiplying the load of a failing service: every call earns a fraction of a retry, and a retry
 * takes a whole one. All calls of a service share one budget.
 *
 * <p>It starts with what one call may need: with a full balance, forty processes that started during a failure
 * amplified the load 1.9 times. It does not count calls itself: the balance is updated from the guard's counter when a
 * retry is wanted, so that a successful call costs the budget nothing.
 *
 * @see <a href="https://finagle.github.io/blog/2016/02/08/retry-budgets/">Retry budgets in Finagle</a>
 */
public final class RetryBudget {
    /** The largest balance. */
    public static final int BALANCE_MAX = 100;

    private final double perCall;
    private final double perSecond;
    private final LongSupplier calls;
    private final Time time;
    private double balance;
    private long callsSeen;
    private long updatedAt;

    /**
     * Creates a budget.
     *
     * @param reserve the first balance
     * @param perCall the retries that a call earns, from 0 to 1
     * @param perSecond the retries that a second earns
     * @param calls the number of calls so far
     */
    public RetryBudget(int reserve, double perCall, double perSecond, LongSupplier calls, Time time) {
        this.balance = reserve;
        this.perCall = perCall;
        this.perSecond = perSecond;
        this.calls = calls;
        this.time = time;
        this.callsSeen = calls.getAsLong();
        this.updatedAt = time.nanoTime();
    }

    /** Takes one retry; returns false if the balance is less. */
    public boolean spend() {
        return update(1) >= 1;
    }

    /** Returns the number of retries that may be taken now. */
    public double balance() {
        return update(0);
    }

    /** Adds what was earned, takes that cost if the balance suffices, and returns the balance before. */
    private synchronized double update(int cost) {
        long now = time.nanoTime();
        long counted = calls.getAsLong();
        double earned = (counted - callsSeen) * perCall + (now - updatedAt) / 1e9 * perSecond;
        double before = Math.min(BALANCE_MAX, balance + earned);
        balance = before < cost ? before : before - cost;
        callsSeen = counted;
        updatedAt = now;
        return before;
    }
}
