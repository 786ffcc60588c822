package dev.treaty.core.call;

import org.jspecify.annotations.Nullable;

/**
 * Says before a request is read whether a service would refuse its call at once. It takes nothing: a call that it lets
 * pass may be refused later. A server asks it while {@linkplain dev.treaty.core.security.AccessControl#enforced
 * security is on}. It is thread-safe, and does not block.
 */
public interface Gate {
    /** Refuses no call. */
    Gate OPEN = new Gate() {
        @Override
        public @Nullable Fault refuseAll() {
            return null;
        }

        @Override
        public @Nullable Fault refuse(Principal caller) {
            return null;
        }
    };

    /** Returns the refusal of a call, whoever makes it; null if it may be accepted. */
    @Nullable
    Fault refuseAll();

    /** Returns the refusal of a call of an authenticated caller; null if it may be accepted. */
    @Nullable
    Fault refuse(Principal caller);
}
