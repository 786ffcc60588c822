package dev.treaty.core.security;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import java.util.concurrent.Callable;

/** The result of an authentication. */
public sealed interface Authentication {
    /** The answer to credentials that are not valid, whatever is wrong with them, so that all answers are alike. */
    Fault INVALID = Fault.unreached(Code.UNAUTHENTICATED, "the credentials are not valid");

    /** The answer to a request without credentials that needs some. */
    Fault MISSING = Fault.unreached(Code.UNAUTHENTICATED, "credentials are needed");

    /**
     * The credentials are valid, or there are none: then the caller is {@link Principal#ANONYMOUS}.
     *
     * @param caller who calls
     */
    record Accepted(Principal caller) implements Authentication {}

    /**
     * The credentials are not valid.
     *
     * @param fault the answer, which does not tell a sender what is wrong with the credentials
     */
    record Refused(Fault fault) implements Authentication {}

    /**
     * The credentials have to be checked by something that takes time, such as a signature or a remote key.
     *
     * @param check returns {@link Accepted} or {@link Refused}; it may block, so it runs on a virtual thread
     */
    record Pending(Callable<Authentication> check) implements Authentication {}
}
