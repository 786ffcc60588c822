package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Keeps retries from multiplying a service's load when it is in trouble: every call earns a part of a retry, and a
 * retry is only made where a whole one has been earned. One budget is shared by all calls of a service.
 *
 * <p>It begins nearly empty: with full reserves, forty processes that started into a fault amplified its load 1.9
 * times. It does not count calls itself: somebody does so anyway, and the balance is drawn up from that when a retry is
 * wanted, so that a call which goes well costs the budget nothing.
 *
 * @see <a href="https://finagle.github.io/blog/2016/02/08/retry-budgets/">Retry budgets in Finagle</a>
 */
public final class RetryBudget {
    /** The most retries that can be saved up. */
    public static final int BALANCE_MAX = 100;

    private final double perCall;
    private final double perSecond;
    private final LongSupplier calls;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private double balance = 1;
    private long callsSeen;
    private long drawnUpAt;

    /**
     * A budget.
     *
     * @param perCall how much of a retry each call earns, from 0 to 1
     * @param perSecond how many retries each second earns
     * @param calls how many calls there have been, ever
     */
    public RetryBudget(double perCall, double perSecond, LongSupplier calls, Time time) {
        this.perCall = perCall;
        this.perSecond = perSecond;
        this.calls = calls;
        this.time = time;
        this.callsSeen = calls.getAsLong();
        this.drawnUpAt = time.nanoTime();
    }

    /** Takes one retry out; false where none has been earned. */
    public boolean spend() {
        lock.lock();
        try {
            drawUp();
            if (balance < 1) {
                return false;
            }
            balance -= 1;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** How many retries are saved up. */
    public double balance() {
        lock.lock();
        try {
            drawUp();
            return balance;
        } finally {
            lock.unlock();
        }
    }

    private void drawUp() {
        long now = time.nanoTime();
        long counted = calls.getAsLong();
        double earned = (counted - callsSeen) * perCall + (now - drawnUpAt) / 1e9 * perSecond;
        balance = Math.min(BALANCE_MAX, balance + earned);
        callsSeen = counted;
        drawnUpAt = now;
    }
}
