package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Durations;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.Stripes;
import dev.treaty.resilience.limit.AdaptiveLimit;
import dev.treaty.resilience.limit.PermitPool;
import dev.treaty.resilience.limit.WaitQueue;
import dev.treaty.resilience.limit.WaitQueue.Turn;
import dev.treaty.resilience.limit.WaitQueue.Wait;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many calls run at a time; further calls wait in a short queue or are refused. It protects a client from
 * accumulating calls to a service that hangs, and a server from accepting more than it can complete.
 *
 * <pre>{@code
 * if (!limiter.acquire(Priority.NORMAL, time.nanoTime(), deadline.remainingNanos(time))) {
 *     return refused;
 * }
 * try {
 *     return work();
 * } finally {
 *     limiter.release();
 * }
 * }</pre>
 *
 * <p>It guarantees three things. There are never more calls admitted than the limit, for any number of threads and any
 * change of the limit; if the limit falls below the number of running calls, none is admitted until enough have ended.
 * A refusal means that at a moment during the call the limit was reached, or calls of the same or a higher {@linkplain
 * Priority priority} waited. Within a priority calls are admitted in the order of arrival; if the queue is full, a call
 * of a lower priority is displaced.
 *
 * <p>Below the limit, acquire and release cost one uncontended compare-and-set each, on the thread's own stripe of a
 * {@link PermitPool}. Waiting calls and changes of the limit need the lock. A release puts its permit back before it
 * looks whether the {@link WaitQueue} is empty, and a call joins the queue before it looks for permits, so at least one
 * of the two sees the other and no wake-up is lost.
 *
 * <p>An adaptive limit learns from {@link #release(String, long, long, long, boolean)}, several times a second.
 */
public final class ConcurrencyLimiter {
    /**
     * The state of a limiter at one moment.
     *
     * @param adaptive whether the limit adapts
     * @param limit the limit
     * @param inFlight the number of running calls; more than the limit for a while after it fell
     * @param queued the number of waiting calls
     * @param baseline the duration of a call that does not queue, as far as an adaptive limit knows it
     * @param lastSample the average duration of calls in the last window of an adaptive limit
     * @param reason the last change of the limit and its reason, as a text
     */
    public record Snapshot(
            boolean adaptive,
            int limit,
            int inFlight,
            int queued,
            Optional<Duration> baseline,
            Optional<Duration> lastSample,
            String reason) {}

    private final Time time;
    private final int stripes;
    private final PermitPool pool;

    /** Also the lock, under which it and the three fields below are written. */
    private final WaitQueue queue = new WaitQueue();

    private volatile ConcurrencyPolicy policy;
    private volatile @Nullable AdaptiveLimit adaptive;
    private volatile int limit;

    /** Whether a call was refused or queued in the current window of an adaptive limit. */
    private volatile boolean limited;

    public ConcurrencyLimiter(ConcurrencyPolicy policy, Time time) {
        this(policy, time, Math.min(Stripes.count(time), Integer.highestOneBit(policy.limit())));
    }

    ConcurrencyLimiter(ConcurrencyPolicy policy, Time time, int stripes) {
        this.time = time;
        this.stripes = stripes;
        this.policy = policy;
        this.adaptive = adaptive(policy, null);
        this.limit = policy.limit();
        this.pool = new PermitPool(limit, stripes);
    }

    private @Nullable AdaptiveLimit adaptive(ConcurrencyPolicy changed, @Nullable AdaptiveLimit before) {
        if (!changed.adaptive()) {
            return null;
        }
        if (before != null) {
            before.limitMax(changed.limit());
            return before;
        }
        return new AdaptiveLimit(changed, stripes, time.nanoTime());
    }

    /** Admits a call of normal priority without waiting; returns false if it is refused. */
    public boolean tryAcquire() {
        return tryAcquire(Priority.NORMAL);
    }

    /** Admits a call without waiting; returns false if it is refused. An admitted call must be {@link #release}d. */
    public boolean tryAcquire(Priority priority) {
        boolean ordered = queue.precedes(priority) || priority == Priority.SHEDDABLE; // which must leave permits
        boolean taken = ordered ? takeInOrder(priority) : pool.take();
        if (!taken && adaptive != null && !limited) {
            limited = true;
        }
        return taken;
    }

    /** Returns whether a call would be refused at once, whatever its priority. */
    boolean full() {
        if (pool.available() > 0) {
            return false;
        }
        synchronized (queue) {
            return queue.full(policy.queue());
        }
    }

    private boolean takeInOrder(Priority priority) {
        synchronized (queue) {
            settle();
            return !queue.precedes(priority) && take(priority);
        }
    }

    /** Takes a permit unless too few would remain for more important calls; in that case under the lock. */
    private boolean take(Priority priority) {
        int reserve = limit - Math.max(1, (int) (limit * priority.share()));
        return reserve == 0 ? pool.take() : pool.takeAbove(reserve);
    }

    /**
     * Admits a call of normal priority, and waits for its turn up to a limit.
     *
     * @return false if it is refused
     * @throws InterruptedException if the thread was interrupted while it waited; it holds no permit
     */
    public boolean acquire(Duration waitMax) throws InterruptedException {
        return acquire(Priority.NORMAL, time.nanoTime(), Durations.nanos(waitMax));
    }

    /**
     * Admits a call, and waits for its turn if the limit is reached and the queue is not full. An admitted call must be
     * {@link #release}d.
     *
     * @param now a reading of the clock
     * @param waitMaxNanos how long it may wait, such as the time until its deadline; the policy may allow less, and an
     *     adaptive limit leaves the time that a call usually takes. Zero or less: it does not wait
     * @return false if it is refused: at once, at the end of its wait, or displaced by a more important call
     * @throws InterruptedException if the thread was interrupted while it waited; it holds no permit
     */
    public boolean acquire(Priority priority, long now, long waitMaxNanos) throws InterruptedException {
        return tryAcquire(priority) || await(priority, now, waitMaxNanos);
    }

    private boolean await(Priority priority, long now, long waitMaxNanos) throws InterruptedException {
        ConcurrencyPolicy current = policy;
        AdaptiveLimit learned = adaptive;
        if (learned != null && learned.over(now)) {
            adapt(learned, now); // calls that hold all permits for long may not end for some time
        }
        long left = Math.max(0, waitMaxNanos) - (learned == null ? 0 : learned.baselineNanos());
        if (left <= 0 || current.queue() == 0) {
            return false;
        }
        var wait =
                new Wait(new Promise<>(), now + Math.min(left, current.waitMax().toNanos()));
        synchronized (queue) {
            queue.expire(now);
            if (!queue.join(priority, wait, current.queue())) {
                return false;
            }
            settle();
        }
        try {
            Turn result = wait.turn().await(time, wait.endNanos() - time.nanoTime());
            return result == Turn.ADMITTED || (result == null && admittedWhileLeaving(priority, wait));
        } catch (Throwable e) { // an error too must not keep a place or a permit
            if (admittedWhileLeaving(priority, wait)) {
                release();
            }
            throw e;
        }
    }

    private boolean admittedWhileLeaving(Priority priority, Wait wait) {
        synchronized (queue) {
            queue.leave(priority, wait);
            return wait.turn().now() == Turn.ADMITTED;
        }
    }

    /**
     * Takes the admission of a call back that has not begun, if more calls are admitted than the limit, because it fell
     * meanwhile. The call must not be released then.
     */
    boolean revoke() {
        return queue.hasDebt() && repayOne();
    }

    /** Ends an admitted call; to be called once for each. */
    public void release() {
        WaitQueue claims = queue; // a local: the field would be loaded again after each atomic access
        if (claims.hasDebt() && repayOne()) {
            return;
        }
        pool.put(1);
        if (!claims.isEmpty()) {
            synchronized (claims) {
                settle();
            }
        }
    }

    private boolean repayOne() {
        synchronized (queue) {
            return queue.repay(1) == 1;
        }
    }

    /**
     * Ends an admitted call and reports its outcome to an adaptive limit; with a fixed limit it is the same as
     * {@link #release()}.
     *
     * @param operation the name of the operation, of which there are few
     * @param startedNanos the reading of the clock when the call was admitted
     * @param now a reading of the clock
     * @param waitedNanos for how long it waited for other services meanwhile
     * @param late whether the call ended after its deadline
     */
    public void release(String operation, long startedNanos, long now, long waitedNanos, boolean late) {
        release();
        AdaptiveLimit current = adaptive;
        if (current != null) {
            current.add(operation, startedNanos, now, waitedNanos, late);
            if (current.over(now)) {
                adapt(current, now);
            }
        }
    }

    private void adapt(AdaptiveLimit current, long now) {
        synchronized (queue) {
            boolean over = adaptive == current && current.over(now); // another call may have closed it
            if (over && current.next(limited || !queue.isEmpty(), inFlight(), now)) {
                limited = false;
                moveTo(current.limit());
            }
        }
    }

    /**
     * Changes the policy while calls run. An adaptive limit keeps what it has learned, and waiting calls keep
     * their places.
     */
    public void change(ConcurrencyPolicy changed) {
        synchronized (queue) {
            policy = changed;
            AdaptiveLimit after = adaptive(changed, adaptive);
            adaptive = after;
            moveTo(after == null ? changed.limit() : after.limit());
        }
    }

    private void moveTo(int changed) {
        int more = changed - limit;
        limit = changed;
        if (more > 0) {
            pool.put(more - queue.repay(more));
        } else {
            queue.owe(-more);
        }
        settle();
    }

    /** Repays the debt with free permits, then admits waiting calls. */
    private void settle() {
        while (queue.hasDebt()) {
            if (!pool.take()) {
                return;
            }
            queue.repay(1);
        }
        if (queue.isEmpty()) {
            return;
        }
        queue.expire(time.nanoTime());
        for (Priority next = queue.next(); next != null && take(next); next = queue.next()) {
            queue.admit(next);
        }
    }

    /** Returns whether {@link #release(String, long, long, long, boolean)} uses the outcome of calls. */
    public boolean adaptive() {
        return adaptive != null;
    }

    /** Returns how many calls may run at a time. */
    public int limit() {
        return limit;
    }

    /** Returns how many calls run, at one moment; more than the limit for a while after it fell. */
    public int inFlight() {
        synchronized (queue) {
            return limit + queue.debt() - pool.available();
        }
    }

    /** Returns how many calls wait. */
    public int queued() {
        synchronized (queue) {
            return queue.length();
        }
    }

    /** Returns the current state. */
    public Snapshot snapshot() {
        synchronized (queue) {
            AdaptiveLimit current = adaptive;
            return new Snapshot(
                    policy.adaptive(),
                    limit,
                    inFlight(),
                    queued(),
                    current == null ? Optional.empty() : current.baseline(),
                    current == null ? Optional.empty() : current.lastSample(),
                    current == null ? "the limit is fixed" : current.reason());
        }
    }
}
