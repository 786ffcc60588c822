package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.ConcurrencyPolicy.Algorithm;
import dev.treaty.resilience.internal.Stripes;
import dev.treaty.resilience.limit.AdaptiveLimit;
import dev.treaty.resilience.limit.PermitPool;
import dev.treaty.resilience.limit.SampleWindow;
import dev.treaty.resilience.limit.SampleWindow.Sample;
import dev.treaty.resilience.limit.WaitQueue;
import dev.treaty.resilience.limit.WaitQueue.Turn;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many calls be under way at once and no more; further calls wait in a short line, or are refused. It serves a
 * client, which would otherwise pile up calls to a service that hangs, as well as a server, which would otherwise
 * accept more than it can do.
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
 * <p>Three promises. Never are more calls let in than the limit says, whatever number of threads ask and however the
 * limit moves; a limit that falls below what is under way lets nobody in until enough have ended. A refusal means that
 * there was a moment during the call at which the limit was reached, or others of the same or a higher
 * {@linkplain Priority priority} waited. And within a priority, who came first is let in first; where the line is full,
 * the least important is pushed out.
 *
 * <p>Where there is room, coming and going cost one uncontended compare-and-set each, on the thread's own stripe of
 * {@linkplain PermitPool permits}. The lock is for the rest: lines, and limits that move. {@link #attention} tells
 * everybody else whether there is a rest. Who puts a permit back looks at it afterwards, and who begins to wait looks
 * for permits after having raised it, so that one of the two sees the other and no wake-up is lost.
 *
 * <p>An adaptive limit learns from what is reported to {@link #release(long, long, boolean)}, once a second.
 */
public final class ConcurrencyLimiter {
    /** Set in {@link #attention} where more permits are out than the limit has; beside it, a bit for each priority. */
    private static final int DEBT = 1 << 16;

    private static final Priority[] MOST_FIRST = {Priority.CRITICAL, Priority.NORMAL, Priority.SHEDDABLE};

    /**
     * How a limiter stands.
     *
     * @param algorithm how the limit is found
     * @param limit how many calls may be under way
     * @param inFlight how many are; more than the limit for a while, after it fell
     * @param queued how many wait for their turn
     * @param baseline what a call takes where it does not queue, as far as an adaptive limit has found out
     * @param lastSample what calls took on average in the last window of an adaptive limit
     * @param reason how the limit moved last and why, for people
     */
    public record Snapshot(
            Algorithm algorithm,
            int limit,
            int inFlight,
            int queued,
            Optional<Duration> baseline,
            Optional<Duration> lastSample,
            String reason) {}

    private final Time time;
    private final int stripes;
    private final PermitPool pool;
    private final ReentrantLock lock = new ReentrantLock();

    // Written under the lock alone.
    private final WaitQueue line = new WaitQueue();
    private volatile ConcurrencyPolicy policy;
    private volatile @Nullable AdaptiveLimit adaptive;
    private volatile int limit;
    private volatile int attention;
    private int debt;

    private volatile boolean turnedAway;

    /** A limiter as the policy has it. */
    public ConcurrencyLimiter(ConcurrencyPolicy policy, Time time) {
        this(policy, time, Math.min(Stripes.count(time), Integer.highestOneBit(policy.limitHighest())));
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
        if (changed.algorithm() == Algorithm.FIXED) {
            return null;
        }
        if (before != null && before.algorithm() == changed.algorithm()) {
            before.bounds(changed);
            return before;
        }
        return new AdaptiveLimit(changed, new SampleWindow(stripes, time.nanoTime()));
    }

    /** Lets a call of normal priority in, without waiting; false where it is refused. */
    public boolean tryAcquire() {
        return tryAcquire(Priority.NORMAL);
    }

    /** Lets a call in, without waiting; false where it is refused. Who was let in must {@link #release()}. */
    public boolean tryAcquire(Priority priority) {
        boolean taken = free(priority) ? pool.take() : takeInOrder(priority);
        if (!taken && adaptive != null && !turnedAway) {
            turnedAway = true;
        }
        return taken;
    }

    /** True where a call of that priority may take a permit without looking at anything else first. */
    private boolean free(Priority priority) {
        // Nobody waits whom it must let by, no debt is to be paid first, and it may use the whole limit.
        return priority != Priority.SHEDDABLE && !mustLetBy(priority);
    }

    private boolean mustLetBy(Priority priority) {
        int due = attention;
        return due != 0 && (due & (DEBT | 2 * bit(priority) - 1)) != 0;
    }

    /** A bit of its own, the lower the more the call matters. */
    private static int bit(Priority priority) {
        return switch (priority) {
            case CRITICAL -> 1;
            case NORMAL -> 2;
            case SHEDDABLE -> 4;
        };
    }

    private boolean takeInOrder(Priority priority) {
        lock.lock();
        try {
            settle();
            return !mustLetBy(priority) && take(priority);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a permit for a call of that priority; for one that has to leave some, under the lock. */
    private boolean take(Priority priority) {
        // How many permits it leaves alone; it may always use one.
        int reserve = limit - Math.max(1, (int) (limit * priority.share()));
        return reserve == 0 ? pool.take() : pool.takeAbove(reserve);
    }

    /**
     * Lets a call of normal priority in, and waits for its turn up to that long.
     *
     * @return false where it is refused
     * @throws InterruptedException where the thread was interrupted while it waited; nothing is to be released
     */
    public boolean acquire(Duration waitMax) throws InterruptedException {
        return acquire(Priority.NORMAL, time.nanoTime(), waitMax.toNanos());
    }

    /**
     * Lets a call in, and waits for its turn where the limit is reached and the line is not full. Who was let in must
     * {@link #release()}.
     *
     * @param now what the clock says
     * @param waitMaxNanos how long it may wait, such as what its deadline leaves; the policy may allow less. Zero or
     *     less: not at all
     * @return false where it is refused: at once, or because its time was up, or because the line was full and a more
     *     important call pushed it out
     * @throws InterruptedException where the thread was interrupted while it waited; nothing is to be released
     */
    public boolean acquire(Priority priority, long now, long waitMaxNanos) throws InterruptedException {
        return tryAcquire(priority) || await(priority, now, waitMaxNanos);
    }

    private boolean await(Priority priority, long now, long waitMaxNanos) throws InterruptedException {
        ConcurrencyPolicy current = policy;
        if (waitMaxNanos <= 0 || current.queue() == 0) {
            return false;
        }
        var turn = new Promise<Turn>();
        if (!join(priority, turn, current.queue())) {
            return false;
        }
        long end = now + Math.min(waitMaxNanos, current.waitMax().toNanos());
        try {
            Turn answer = turn.await(time, end - time.nanoTime());
            return answer == Turn.COME || (answer == null && hadCome(priority, turn));
        } catch (InterruptedException e) {
            if (hadCome(priority, turn)) {
                release();
            }
            throw e;
        }
    }

    private boolean join(Priority priority, Promise<Turn> turn, int lengthMax) {
        lock.lock();
        try {
            if (!line.join(priority, turn, lengthMax)) {
                return false;
            }
            attention = due();
            settle();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the line; true where its turn had come at the same moment. */
    private boolean hadCome(Priority priority, Promise<Turn> turn) {
        lock.lock();
        try {
            line.leave(priority, turn);
            attention = due();
            return turn.now() == Turn.COME;
        } finally {
            lock.unlock();
        }
    }

    /** Says that a call has ended which had been let in, once for each. */
    public void release() {
        if ((attention & DEBT) != 0 && repay()) {
            return;
        }
        pool.put(1);
        if (attention != 0) {
            lock.lock();
            try {
                settle();
            } finally {
                lock.unlock();
            }
        }
    }

    private boolean repay() {
        lock.lock();
        try {
            boolean owed = debt > 0;
            debt -= owed ? 1 : 0;
            attention = due();
            return owed;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Says that a call has ended which had been let in, and how it went, for an adaptive limit to learn from. Where the
     * limit is fixed, it is the same as {@link #release()}.
     *
     * @param startedNanos what the clock said when the call was let in
     * @param now what the clock says
     * @param dropped whether it was lost to overload: it timed out, or the service pushed back. Other failures are
     *     answers like any other
     */
    public void release(long startedNanos, long now, boolean dropped) {
        release();
        AdaptiveLimit current = adaptive;
        if (current != null) {
            current.window().add(now - startedNanos, dropped);
            if (current.window().over(now)) {
                adapt(current, now);
            }
        }
    }

    private void adapt(AdaptiveLimit current, long now) {
        if (!lock.tryLock()) {
            return; // somebody else is about it, or the next call will be
        }
        try {
            Sample sample = adaptive == current && current.window().over(now)
                    ? current.window().close(now)
                    : null;
            if (sample != null) {
                boolean wasTurnedAway = turnedAway;
                turnedAway = false;
                moveTo(current.next(sample, wasTurnedAway));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Goes on under another policy, while calls are under way. An adaptive limit of the same algorithm keeps what it
     * has learnt; those who wait keep their places.
     */
    public void change(ConcurrencyPolicy changed) {
        lock.lock();
        try {
            policy = changed;
            AdaptiveLimit after = adaptive(changed, adaptive);
            adaptive = after;
            moveTo(after == null ? changed.limit() : after.limit());
        } finally {
            lock.unlock();
        }
    }

    private void moveTo(int changed) {
        int more = changed - limit;
        limit = changed;
        if (more > 0) {
            int repaid = Math.min(more, debt);
            debt -= repaid;
            pool.put(more - repaid);
        } else {
            debt -= more;
        }
        attention = due();
        settle();
    }

    /** Pays debts with the permits there are, then lets in who waits, the most important first. */
    private void settle() {
        while (debt > 0 && pool.take()) {
            debt--;
        }
        if (debt == 0) {
            serve();
        }
        attention = due();
    }

    private void serve() {
        for (Priority priority : MOST_FIRST) {
            while (line.waits(priority)) {
                if (!take(priority)) {
                    return;
                }
                line.serve(priority);
            }
        }
    }

    private int due() {
        int due = debt > 0 ? DEBT : 0;
        for (Priority priority : MOST_FIRST) {
            due |= line.waits(priority) ? bit(priority) : 0;
        }
        return due;
    }

    /** Whether {@link #release(long, long, boolean)} wants to know how the call went. */
    public boolean adaptive() {
        return adaptive != null;
    }

    /** How many calls may be under way at once. */
    public int limit() {
        return limit;
    }

    /** How many calls are under way, at one moment; more than the limit for a while, after it fell. */
    public int inFlight() {
        lock.lock();
        try {
            return limit + debt - pool.available();
        } finally {
            lock.unlock();
        }
    }

    /** How many calls wait for their turn. */
    public int queued() {
        lock.lock();
        try {
            return line.length();
        } finally {
            lock.unlock();
        }
    }

    /** How the limiter stands. */
    public Snapshot snapshot() {
        lock.lock();
        try {
            AdaptiveLimit current = adaptive;
            return new Snapshot(
                    policy.algorithm(),
                    limit,
                    inFlight(),
                    queued(),
                    current == null ? Optional.empty() : current.baseline(),
                    current == null ? Optional.empty() : current.lastSample(),
                    current == null ? "it is fixed" : current.reason());
        } finally {
            lock.unlock();
        }
    }
}
