package dev.treaty.core.security;

import dev.treaty.core.call.Principal;

/**
 * Decides who calls and what a caller may do. A server asks it with the head of a request, before it reads the body.
 * It is thread-safe.
 */
public interface AccessControl {
    /** To register instances of a service. */
    String REGISTER = "treaty.register";

    /** To publish contracts of a service. */
    String PUBLISH = "treaty.publish";

    /** To publish a contract of a service although it breaks clients. */
    String FORCE = "treaty.force";

    /** To withdraw contracts of a service. */
    String WITHDRAW = "treaty.withdraw";

    /** To drain instances of a service. */
    String DRAIN = "treaty.drain";

    /** To read and watch the instances and contracts of a service. */
    String WATCH = "treaty.watch";

    /** To replace the central settings of a registry. */
    String SETTINGS = "treaty.settings";

    /** Security that is off: callers are who they claim to be, unproven, and may do everything. */
    AccessControl OFF = new AccessControl() {
        @Override
        public boolean enforced() {
            return false;
        }

        @Override
        public Authentication authenticate(Credentials credentials) {
            return new Authentication.Accepted(Principal.claimed(credentials.claimed()));
        }

        @Override
        public Decision authorize(Principal caller, String resource, String action) {
            return Decision.OFF;
        }
    };

    /** Whether security is on. If it is off, claimed names are used, and mean nothing. */
    boolean enforced();

    /**
     * Authenticates the sender of a request. It does not block and costs little: what takes longer is {@link
     * Authentication.Pending}.
     */
    Authentication authenticate(Credentials credentials);

    /**
     * Decides whether a caller may do something. It does not block.
     *
     * @param resource the name of a service, or the path of a page such as {@code /-/metrics}
     * @param action the name of an operation; for a page, the method in lower case. The registry asks for {@link
     *     #REGISTER}, {@link #PUBLISH}, {@link #FORCE}, {@link #WITHDRAW}, {@link #DRAIN} and {@link #WATCH} of the
     *     service concerned, and for {@link #SETTINGS} of {@code treaty.Registry}
     */
    Decision authorize(Principal caller, String resource, String action);
}
