package dev.treaty.resilience.limit;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Promise;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/**
 * Who waits for a turn: first come, first served within a priority, and the most important priority first. Whoever uses
 * the line guards it with a lock.
 */
public final class WaitQueue {
    /** How a wait ends. */
    public enum Turn {
        /** It is the waiting call's turn. */
        COME,
        /** A more important call took its place. */
        LOST
    }

    private static final Priority[] LEAST_FIRST = {Priority.SHEDDABLE, Priority.NORMAL, Priority.CRITICAL};

    /** Made when the first call waits: in most limiters none ever does. */
    private Map<Priority, SequencedSet<Promise<Turn>>> turns = Map.of();

    /**
     * Joins the line. Where that many wait already, the last of the least important is pushed out, unless nobody there
     * matters less than the new one.
     *
     * @return false where the line is full
     */
    public boolean join(Priority priority, Promise<Turn> turn, int lengthMax) {
        if (length() >= lengthMax && !pushOut(priority)) {
            return false;
        }
        waiting(priority).add(turn);
        return true;
    }

    private boolean pushOut(Priority by) {
        for (int i = 0; LEAST_FIRST[i].compareTo(by) > 0; i++) {
            if (waits(LEAST_FIRST[i])) {
                waiting(LEAST_FIRST[i]).removeLast().complete(Turn.LOST);
                return true;
            }
        }
        return false;
    }

    /** Leaves the line, or changes nothing where the wait had ended. */
    public void leave(Priority priority, Promise<Turn> turn) {
        waiting(priority).remove(turn);
    }

    /** Says to the first of that priority that its turn has come. */
    public void serve(Priority priority) {
        waiting(priority).removeFirst().complete(Turn.COME);
    }

    /** True where somebody of that priority waits. */
    public boolean waits(Priority priority) {
        SequencedSet<Promise<Turn>> waiting = turns.get(priority);
        return waiting != null && !waiting.isEmpty();
    }

    private SequencedSet<Promise<Turn>> waiting(Priority priority) {
        if (turns.isEmpty()) {
            turns = new EnumMap<>(Priority.class);
        }
        return turns.computeIfAbsent(priority, _ -> new LinkedHashSet<>());
    }

    public int length() {
        int length = 0;
        for (SequencedSet<Promise<Turn>> waiting : turns.values()) {
            length += waiting.size();
        }
        return length;
    }
}
