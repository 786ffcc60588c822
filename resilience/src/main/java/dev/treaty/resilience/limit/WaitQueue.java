package dev.treaty.resilience.limit;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Promise;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * The queue of calls that wait for a permit of a concurrency limiter: the most important priority first, and in the
 * order of arrival within a priority. Before all calls comes the debt: permits in use beyond a limit that was lowered.
 *
 * <p>The limiter guards the queue by a lock. Only {@link #isEmpty}, {@link #hasDebt} and {@link #precedes} may be
 * called without it: they read one word, the rank of the first claim.
 */
public final class WaitQueue {
    /** How the wait of a call in the queue ends. */
    public enum Turn {
        /** The waiting call is admitted. */
        ADMITTED,
        /** A more important call took its place. */
        DISPLACED,
        /** It has waited as long as it may. */
        EXPIRED
    }

    /** A waiting call: how its wait ends, and the reading of the clock until which it may wait. */
    public record Wait(Promise<Turn> turn, long endNanos) {}

    private static final Priority[] MOST_IMPORTANT_FIRST = {Priority.CRITICAL, Priority.NORMAL, Priority.SHEDDABLE};
    private static final int DEBT = -1;
    private static final int NONE = MOST_IMPORTANT_FIRST.length;

    /** The waiting calls; created for the first, since most limiters never have any. */
    private Map<Priority, SequencedSet<Wait>> calls = Map.of();

    private int debt;

    /** The rank of the first claim: debt, the rank of the most important priority that waits, or none. */
    private volatile int first = NONE;

    /** Returns whether there is no claim. */
    public boolean isEmpty() {
        return first == NONE;
    }

    /** Returns whether permits are owed. */
    public boolean hasDebt() {
        return first == DEBT;
    }

    /** Returns whether a claim comes before a new call of that priority. */
    public boolean precedes(Priority priority) {
        int claim = first;
        return claim != NONE && claim <= rank(priority);
    }

    @SuppressWarnings("EnumOrdinal") // priorities are declared in the order of their importance
    private static int rank(Priority priority) {
        return priority.ordinal();
    }

    private void update() {
        Priority next = next();
        first = debt > 0 ? DEBT : next == null ? NONE : rank(next);
    }

    /** Adds to the debt. */
    public void owe(int permits) {
        debt += permits;
        update();
    }

    /** Repays up to that number of permits, and returns the number repaid. */
    public int repay(int permits) {
        int repaid = Math.min(permits, debt);
        debt -= repaid;
        update();
        return repaid;
    }

    public int debt() {
        return debt;
    }

    /**
     * Adds a call. If the queue is full, the call displaces the last one of the lowest priority below its own.
     *
     * @return false if the queue is full of calls that are as important or more
     */
    public boolean join(Priority priority, Wait wait, int lengthMax) {
        if (length() >= lengthMax && !displace(priority)) {
            return false;
        }
        callsOf(priority).add(wait);
        update();
        return true;
    }

    /** Returns whether no call can join, whatever its priority. */
    public boolean full(int lengthMax) {
        return waiting(Priority.CRITICAL) >= lengthMax;
    }

    private boolean displace(Priority by) {
        for (int rank = NONE - 1; MOST_IMPORTANT_FIRST[rank].compareTo(by) > 0; rank--) {
            if (waiting(MOST_IMPORTANT_FIRST[rank]) > 0) {
                callsOf(MOST_IMPORTANT_FIRST[rank]).removeLast().turn.complete(Turn.DISPLACED);
                return true;
            }
        }
        return false;
    }

    /** Removes a call, if it still waits. */
    public void leave(Priority priority, Wait wait) {
        callsOf(priority).remove(wait);
        update();
    }

    /**
     * Removes the first calls as long as they have waited too long. Their threads would leave, but may not get a
     * processor for that while other calls compute.
     */
    public void expire(long now) {
        for (SequencedSet<Wait> waiting : calls.values()) {
            while (!waiting.isEmpty() && waiting.getFirst().endNanos - now <= 0) {
                waiting.removeFirst().turn.complete(Turn.EXPIRED);
            }
        }
        update();
    }

    /** Returns the priority of the call that is admitted next, or null if none waits. */
    public @Nullable Priority next() {
        for (Priority priority : MOST_IMPORTANT_FIRST) {
            if (waiting(priority) > 0) {
                return priority;
            }
        }
        return null;
    }

    /** Admits the first call of that priority. */
    public void admit(Priority priority) {
        callsOf(priority).removeFirst().turn.complete(Turn.ADMITTED);
        update();
    }

    private int waiting(Priority priority) {
        SequencedSet<Wait> waiting = calls.get(priority);
        return waiting == null ? 0 : waiting.size();
    }

    private SequencedSet<Wait> callsOf(Priority priority) {
        if (calls.isEmpty()) {
            calls = new EnumMap<>(Priority.class);
        }
        return calls.computeIfAbsent(priority, _ -> new LinkedHashSet<>());
    }

    /** Returns the number of waiting calls. */
    public int length() {
        return calls.values().stream().mapToInt(SequencedSet::size).sum();
    }
}
