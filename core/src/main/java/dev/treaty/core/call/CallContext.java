package dev.treaty.core.call;

import dev.treaty.core.time.Time;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What travels with a call: from caller to service in headers, and from a handler to the calls that it makes itself in
 * a scoped value. Inside the pipelines it is an explicit argument.
 *
 * @param deadline when nobody waits any longer
 * @param caller who started the chain of calls
 * @param trace where the call stands in a distributed trace
 * @param attempt which try this is, from 1. It travels on: a handler that runs in a second attempt makes its own calls
 *     from attempt 2, so that retries at every hop of a chain never multiply
 * @param priority how much the call matters where not every call can be served. It travels on, as a server has granted
 *     it: what a handler does for a call matters as much as the call
 * @param headers what else the caller sends, by name in small letters; not inherited by the calls of a handler, but for
 *     {@link #MIRROR}
 * @param record what has happened to this call so far, in this process
 */
public record CallContext(
        Deadline deadline,
        Principal caller,
        Trace trace,
        int attempt,
        Priority priority,
        Map<String, String> headers,
        DecisionRecord record) {

    /** The header of a call that is the copy of another, and of the calls that are made for it. */
    public static final String MIRROR = "treaty-mirror";

    private static final Map<String, String> MIRRORED = Map.of(MIRROR, "true");
    private static final ScopedValue<CallContext> CURRENT = ScopedValue.newInstance();

    /**
     * The context of the call that this code is handling, if any. It is bound to the thread that runs the handler, and
     * to threads that Treaty itself starts for it; a handler that starts its own threads takes it along with
     * {@link #run}.
     */
    public static Optional<CallContext> current() {
        return Optional.ofNullable(currentOrNull());
    }

    /**
     * The {@linkplain #current() current} context or null: the same without allocating, for the paths of every call.
     */
    public static @Nullable CallContext currentOrNull() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    /**
     * The context of a new call made here: a child of the {@linkplain #current() current} one, whose deadline, caller,
     * trace, attempt and priority it inherits, or the first of a new chain.
     *
     * @param self who this process is; the caller where no chain has begun yet
     */
    public static CallContext next(Principal self, Time time, RandomGenerator random) {
        if (!CURRENT.isBound()) {
            var deadline = Deadline.after(Deadline.MAX, time);
            return new CallContext(
                    deadline, self, Trace.start(random), 1, Priority.NORMAL, Map.of(), new DecisionRecord());
        }
        CallContext parent = CURRENT.get();
        return new CallContext(
                parent.deadline,
                parent.caller,
                parent.trace.child(random),
                parent.attempt,
                parent.priority,
                parent.mirrored() ? MIRRORED : Map.of(),
                new DecisionRecord());
    }

    /** Whether this is a copy, whose answer is thrown away, for handlers that must not act twice. */
    public boolean mirrored() {
        return headers.containsKey(MIRROR);
    }

    /** Runs the body with this as the {@linkplain #current() current} context. */
    public <R, X extends Throwable> R run(ScopedValue.CallableOp<R, X> body) throws X {
        return ScopedValue.where(CURRENT, this).call(body);
    }

    /** The same context, ending no later than that. */
    @SuppressWarnings("ReferenceEquality") // only spares an allocation
    public CallContext within(Deadline other) {
        Deadline earlier = deadline.earlier(other);
        return earlier == deadline ? this : new CallContext(earlier, caller, trace, attempt, priority, headers, record);
    }

    /** The same context, with other headers; a copy stays one. */
    public CallContext with(Map<String, String> others) {
        Map<String, String> now = others;
        if (mirrored()) {
            now = new HashMap<>(others);
            now.putAll(MIRRORED);
        }
        return new CallContext(deadline, caller, trace, attempt, priority, Map.copyOf(now), record);
    }

    /** The same context, on its nth attempt. */
    public CallContext attempt(int number) {
        return number == attempt ? this : new CallContext(deadline, caller, trace, number, priority, headers, record);
    }

    /** The same context, mattering that much. */
    public CallContext priority(Priority changed) {
        return changed == priority ? this : new CallContext(deadline, caller, trace, attempt, changed, headers, record);
    }
}
