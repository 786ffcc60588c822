package dev.treaty.core.call;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What happened to one call in this process: its attempts, and the instances that were excluded. The threads that run
 * its attempts fill it in; it is read when the call has ended.
 */
public final class DecisionRecord {
    /** In place of the id of an instance: no instance was available. */
    private static final String NO_INSTANCE = "";

    /** In place of the handler's headers and trailers once they are sent. */
    private static final ResponseMetadata SENT = ResponseMetadata.of(Headers.NONE, Headers.NONE);

    private static final int REFUSED_BY_ALL = Integer.MIN_VALUE;

    // Updaters instead of atomic objects: a record is created for each call.
    private static final AtomicReferenceFieldUpdater<DecisionRecord, Attempt> LAST =
            AtomicReferenceFieldUpdater.newUpdater(DecisionRecord.class, Attempt.class, "last");
    private static final AtomicIntegerFieldUpdater<DecisionRecord> BEGUN =
            AtomicIntegerFieldUpdater.newUpdater(DecisionRecord.class, "begun");
    private static final AtomicReferenceFieldUpdater<DecisionRecord, ResponseMetadata> METADATA =
            AtomicReferenceFieldUpdater.newUpdater(DecisionRecord.class, ResponseMetadata.class, "metadata");

    private volatile @Nullable Attempt last;

    private volatile @Nullable CandidateSet candidates;

    /** The instance of the last attempt that has begun. */
    private volatile @Nullable String instance;

    /** The number of attempts that have begun; its highest bit says that all candidates have refused the call. */
    private volatile int begun;

    private volatile ResponseMetadata metadata = ResponseMetadata.NONE;

    /** Written before the first attempt by the thread that makes the call. */
    private @Nullable Object settings;

    /** Written and read by the thread that handles the call. */
    private long waitedNanos;

    /** The calls of the handler that have begun and not ended, and since when there is one; under the lock of this. */
    private int calling;

    private long callingSince;

    /** How long there was at least one such call before, in nanoseconds. */
    private long calledNanos;

    /**
     * Records the settings that apply to the call to its end, whatever changes meanwhile; called by the step that takes
     * them, before it passes the call on.
     */
    public void settings(@Nullable Object taken) {
        settings = taken;
    }

    /** Returns the settings that apply to the call; null if no step has taken any. */
    public @Nullable Object settings() {
        return settings;
    }

    /**
     * Adds a time, in nanoseconds, that the handler has waited on purpose, as for the next change in a long poll:
     * metrics do not count it as latency. Called by the thread that handles the call.
     */
    public void waited(long nanos) {
        waitedNanos += nanos;
    }

    /** Returns how long the handler has waited on purpose, in nanoseconds. */
    public long waitedNanos() {
        return waitedNanos;
    }

    /** Records that the handler calls another service; any thread that works for it may. */
    public synchronized void calling(long now) {
        if (calling++ == 0) {
            callingSince = now;
        }
    }

    /** Records that such a call has ended. */
    public synchronized void called(long now) {
        if (--calling == 0) {
            calledNanos += now - callingSince;
        }
    }

    /**
     * Returns how long the handler has waited, on purpose or for at least one call of another service, in nanoseconds.
     * A limit does not count it as work of this service.
     *
     * @param now a reading of the clock
     */
    public synchronized long idleNanos(long now) {
        return waitedNanos + calledNanos + (calling == 0 ? 0 : now - callingSince);
    }

    /** Records the candidates of an attempt; the caller does that only if an instance was excluded. */
    public void selecting(CandidateSet from) {
        candidates = from;
    }

    /** Returns the candidates of the last attempt; empty if no instance was excluded. */
    public Optional<CandidateSet> candidates() {
        return Optional.ofNullable(candidates);
    }

    /** Records that an attempt begins at an instance. */
    public void attempting(String id) {
        instance = id;
        BEGUN.incrementAndGet(this);
    }

    /** The number of attempts that have begun. */
    public int begun() {
        return begun & ~REFUSED_BY_ALL;
    }

    /**
     * Records that the call waits until there is an instance.
     *
     * @return false if the last attempt has already waited
     */
    public boolean waiting() {
        boolean first = !NO_INSTANCE.equals(instance);
        instance = NO_INSTANCE;
        return first;
    }

    /** Records an attempt that has ended. */
    public void attempted(String id, long durationNanos, @Nullable Fault fault) {
        LAST.updateAndGet(this, before -> new Attempt(id, durationNanos, fault, before));
    }

    /** Returns true if no attempt has begun at an instance. */
    public boolean untried() {
        String at = instance;
        return (at == null || at.isEmpty()) && last == null;
    }

    /**
     * Returns true if an attempt at this instance has failed or is the last that has begun, so that a retry or a hedged
     * attempt prefers another instance.
     */
    public boolean triedAt(String id) {
        if (id.equals(instance)) {
            return true;
        }
        for (Attempt at = last; at != null; at = at.before()) {
            if (at.fault() != null && at.instance().equals(id)) {
                return true;
            }
        }
        return false;
    }

    /** Records that every candidate has refused the call because of a limit, so that a retry is of no use. */
    public void refusingAll() {
        BEGUN.updateAndGet(this, count -> count | REFUSED_BY_ALL);
    }

    /** Returns true if every candidate has refused the call because of a limit. */
    public boolean refusedByAll() {
        return (begun & REFUSED_BY_ALL) != 0;
    }

    /** The attempts that have ended, in order. */
    public List<Attempt> attempts() {
        var attempts = new ArrayList<Attempt>();
        for (Attempt at = last; at != null; at = at.before()) {
            attempts.addFirst(at);
        }
        return attempts;
    }

    /** Changes the headers and trailers of the response; returns false if it has been produced. */
    @SuppressWarnings("ReferenceEquality") // a mark
    boolean responding(UnaryOperator<ResponseMetadata> change) {
        while (true) {
            ResponseMetadata known = metadata;
            if (known == SENT) {
                return false;
            }
            if (METADATA.compareAndSet(this, known, change.apply(known))) {
                return true;
            }
        }
    }

    /** Takes the headers and trailers of the response, which cannot be changed from now on. */
    @SuppressWarnings("ReferenceEquality") // a mark
    ResponseMetadata responded() {
        ResponseMetadata set = METADATA.getAndSet(this, SENT);
        return set == SENT ? ResponseMetadata.NONE : set;
    }
}
