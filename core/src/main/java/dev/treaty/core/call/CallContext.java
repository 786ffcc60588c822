package dev.treaty.core.call;

import dev.treaty.core.time.Time;
import java.net.InetAddress;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a call that are sent with it: from client to server in headers, and from a handler to its own calls
 * in a scoped value. Inside pipelines it is an explicit argument.
 *
 * @param deadline when the caller stops waiting
 * @param caller the principal that started the chain of calls
 * @param trace the position of the call in a distributed trace
 * @param attempt the number of this attempt, from 1. The calls of a handler inherit it: in a second attempt they start
 *     at attempt 2, so that retries at every hop of a chain do not multiply
 * @param priority the priority when a limit is reached. The calls of a handler inherit it, as the server has granted it
 * @param mirrored whether this is a copy of a call, whose response is discarded, for handlers that must not act twice;
 *     the calls of a handler inherit it
 * @param headers the headers that the caller sends; the calls of a handler do not inherit them
 * @param outgoing the headers of the calls that are made in this context, of which each sends them and none passes them
 *     on: see {@link #sending}
 * @param record what has happened to this call so far, in this process
 * @param cancellation tells whether the call has ended before its handler; the calls of a handler inherit it
 * @param clientAddress the address from which a server has received the call: that of its peer, or the one that a
 *     trusted proxy states. Empty on the client, for calls within a process, and for the calls of a handler
 */
public record CallContext(
        Deadline deadline,
        Principal caller,
        Trace trace,
        int attempt,
        Priority priority,
        boolean mirrored,
        Headers headers,
        Headers outgoing,
        DecisionRecord record,
        Cancellation cancellation,
        Optional<InetAddress> clientAddress) {

    private static final ScopedValue<CallContext> CURRENT = ScopedValue.newInstance();

    /** A context without a client's address. */
    public CallContext(
            Deadline deadline,
            Principal caller,
            Trace trace,
            int attempt,
            Priority priority,
            boolean mirrored,
            Headers headers,
            Headers outgoing,
            DecisionRecord record,
            Cancellation cancellation) {
        this(
                deadline,
                caller,
                trace,
                attempt,
                priority,
                mirrored,
                headers,
                outgoing,
                record,
                cancellation,
                Optional.empty());
    }

    /**
     * Returns the context of the call that is being handled, if any. It is bound to the thread that runs the handler
     * and to threads that Treaty starts for it; a handler that starts its own threads binds it there with {@link #run}.
     */
    public static Optional<CallContext> current() {
        return Optional.ofNullable(currentOrNull());
    }

    /**
     * Returns the {@linkplain #current() current} context, or null. Unlike {@code current()} it allocates nothing.
     */
    public static @Nullable CallContext currentOrNull() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    /**
     * Returns the context of a new call: a child of the {@linkplain #current() current} one, from which it inherits
     * deadline, caller, trace, attempt and priority, and whose {@link #outgoing} headers it sends, or the first of a
     * new chain.
     *
     * @param self the principal of this process, which is the caller if this is a new chain
     */
    public static CallContext next(Principal self, Time time, RandomGenerator random) {
        if (!CURRENT.isBound()) {
            var deadline = Deadline.after(Deadline.MAX, time);
            return new CallContext(
                    deadline,
                    self,
                    Trace.start(random),
                    1,
                    Priority.NORMAL,
                    false,
                    Headers.NONE,
                    Headers.NONE,
                    new DecisionRecord(),
                    Cancellation.NEVER);
        }
        CallContext parent = CURRENT.get();
        return new CallContext(
                parent.deadline,
                parent.caller,
                parent.trace.child(random),
                parent.attempt,
                parent.priority,
                parent.mirrored,
                parent.outgoing,
                Headers.NONE,
                new DecisionRecord(),
                parent.cancellation);
    }

    /** Returns true if nobody waits for the response any more, so that a handler need not continue. */
    public boolean canceled() {
        return cancellation.reason().isPresent();
    }

    /** Runs a body with this as the {@linkplain #current() current} context. */
    public <R, X extends Throwable> R run(ScopedValue.CallableOp<R, X> body) throws X {
        return ScopedValue.where(CURRENT, this).call(body);
    }

    /** The same context with the earlier of two deadlines. */
    @SuppressWarnings("ReferenceEquality") // only saves an allocation
    public CallContext within(Deadline other) {
        Deadline earlier = deadline.earlier(other);
        return earlier == deadline ? this : with(earlier, attempt, priority, headers, outgoing);
    }

    /** The same context with more headers, in place of those with the same names. */
    public CallContext with(Headers more) {
        return more.isEmpty() ? this : with(deadline, attempt, priority, headers.with(more), outgoing);
    }

    /**
     * The same context, in which calls send more headers, in place of those with the same names: {@code
     * context.sending(headers).run(body)}.
     */
    public CallContext sending(Headers more) {
        return with(deadline, attempt, priority, headers, outgoing.with(more));
    }

    /** The same context with another number of the attempt. */
    public CallContext attempt(int number) {
        return number == attempt ? this : with(deadline, number, priority, headers, outgoing);
    }

    /** The same context with another priority. */
    public CallContext priority(Priority changed) {
        return changed == priority ? this : with(deadline, attempt, changed, headers, outgoing);
    }

    private CallContext with(Deadline until, int number, Priority granted, Headers sent, Headers sending) {
        return new CallContext(
                until, caller, trace, number, granted, mirrored, sent, sending, record, cancellation, clientAddress);
    }

    /**
     * Adds headers to the response of the call that is being handled, in place of those with the same names. Failed
     * calls have them too.
     *
     * @return false if the handler has returned; then the response is not changed
     * @throws IllegalArgumentException if there are too many: see {@link Headers}
     */
    public boolean addHeaders(Headers more) {
        return record.responding(known -> known.headers(known.headers().with(more)));
    }

    /** Adds trailers to the response of the call that is being handled; otherwise as {@link #addHeaders}. */
    public boolean addTrailers(Headers more) {
        return record.responding(known -> known.trailers(known.trailers().with(more)));
    }
}
