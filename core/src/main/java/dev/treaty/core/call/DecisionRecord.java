package dev.treaty.core.call;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What happened to one call: filled in while it runs, by whichever thread carries an attempt, and read when it is over.
 */
public final class DecisionRecord {
    /** Who an attempt begins at that finds nobody to begin at. */
    private static final String NOBODY = "";

    private final AtomicReference<@Nullable Attempt> last = new AtomicReference<>();

    private volatile @Nullable CandidateSet choice;

    /** Where the last attempt began. */
    private volatile @Nullable String begun;

    /** Notes among whom the instance for an attempt is picked, where that were not all; the last one is kept. */
    public void choosing(CandidateSet among) {
        choice = among;
    }

    /** Among whom the last attempt was picked; nothing where that were all there are. */
    public Optional<CandidateSet> choice() {
        return Optional.ofNullable(choice);
    }

    /** Notes that an attempt begins at that instance. */
    public void attempting(String instance) {
        begun = instance;
    }

    /**
     * Notes that the call waits for an instance to come, since there is none.
     *
     * @return false where it has done so in its last attempt, and need not once more
     */
    public boolean waiting() {
        boolean again = NOBODY.equals(begun);
        begun = NOBODY;
        return !again;
    }

    /** Notes an attempt that has ended. */
    public void attempted(String instance, long durationNanos, @Nullable Fault fault) {
        Attempt before;
        do {
            before = last.get();
        } while (!last.compareAndSet(before, new Attempt(instance, durationNanos, fault, before)));
    }

    /** True where no attempt has begun yet. */
    public boolean untried() {
        String at = begun;
        return (at == null || at.isEmpty()) && last.get() == null;
    }

    /**
     * True where that instance has been tried and failed, or has the attempt that began last, so that a retry or a
     * second attempt beside it prefers another.
     */
    public boolean triedAt(String instance) {
        if (instance.equals(begun)) {
            return true;
        }
        for (Attempt at = last.get(); at != null; at = at.before()) {
            if (at.fault() != null && at.instance().equals(instance)) {
                return true;
            }
        }
        return false;
    }

    /** The attempts that have ended, first to last. */
    public List<Attempt> attempts() {
        var attempts = new ArrayList<Attempt>();
        for (Attempt at = last.get(); at != null; at = at.before()) {
            attempts.add(at);
        }
        Collections.reverse(attempts);
        return attempts;
    }
}
