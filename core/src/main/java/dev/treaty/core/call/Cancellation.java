package dev.treaty.core.call;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells a server's pipeline that a call has ended before its handler returned: the deadline passed, or the client left.
 * The handler's thread is interrupted; a handler that ignores this runs on, and all that waits for the end of the call,
 * such as its permit and its metrics, must not wait for the handler.
 */
public final class Cancellation {
    /** Of calls that nobody cancels, such as those of a client outside of a handler. */
    public static final Cancellation NEVER = new Cancellation();

    /** The action that was registered last, or the reason once the call is canceled. */
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

    /** An action that is done when the call is canceled, at most once; true once it is done or removed. */
    public static final class Registration extends AtomicBoolean {
        private static final long serialVersionUID = 1;

        private final transient Consumer<? super Fault> action;
        private transient @Nullable Object next;

        private Registration(Consumer<? super Fault> action) {
            this.action = action;
        }

        /** Removes the action; returns false if the call was canceled, so that the action is done or will be. */
        public boolean remove() {
            return compareAndSet(false, true);
        }

        private void run(Fault reason) {
            if (remove()) {
                action.accept(reason);
            }
        }
    }

    /** Why the call was canceled; empty if it was not. */
    public Optional<Fault> reason() {
        return state.get() instanceof Fault reason ? Optional.of(reason) : Optional.empty();
    }

    /**
     * Registers what is to be done when the call is canceled; it is done at once if it was.
     *
     * @param action receives the reason
     */
    public Registration onCancel(Consumer<? super Fault> action) {
        var registration = new Registration(action);
        if (this == NEVER) {
            return registration;
        }
        while (true) {
            Object known = state.get();
            if (known instanceof Fault reason) {
                registration.run(reason);
                return registration;
            }
            registration.next = known;
            if (state.compareAndSet(known, registration)) {
                return registration;
            }
        }
    }

    /** Cancels the call and does all registered actions, the last one first. Only the first cancellation counts. */
    public void cancel(Fault reason) {
        Object known = state.get();
        while (!(known instanceof Fault) && this != NEVER) {
            if (state.compareAndSet(known, reason)) {
                for (; known instanceof Registration registration; known = registration.next) {
                    registration.run(reason);
                }
                return;
            }
            known = state.get();
        }
    }
}
