package dev.treaty.http;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Principal.Proof;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Security that is on: the tokens {@code alice} and {@code bob} are those of these callers, {@code slow-alice} is
 * checked until the test goes on, and certificates count. What is not allowed is denied.
 */
final class TestAccess implements AccessControl {
    final Set<String> allowed = ConcurrentHashMap.newKeySet();
    final AtomicInteger authentications = new AtomicInteger();
    final Semaphore checking = new Semaphore(0);
    final Semaphore go = new Semaphore(0);
    final Semaphore interrupted = new Semaphore(0);

    /** Allows things that are written as {@code CALLER RESOURCE ACTION}. */
    TestAccess(String... allowed) {
        this.allowed.addAll(Set.of(allowed));
    }

    @Override
    public boolean enforced() {
        return true;
    }

    @Override
    public Authentication authenticate(Credentials credentials) {
        authentications.incrementAndGet();
        String secret = credentials.secret();
        if (secret.isEmpty()) {
            String name = credentials.peer().name();
            return new Authentication.Accepted(
                    name.isEmpty() ? Principal.ANONYMOUS : Principal.proven(name, Proof.CERTIFICATE));
        }
        return secret.startsWith("slow-")
                ? new Authentication.Pending(() -> check(secret.substring("slow-".length())))
                : of(secret);
    }

    private Authentication check(String name) throws InterruptedException {
        checking.release();
        try {
            go.acquire();
            return of(name);
        } catch (InterruptedException e) {
            interrupted.release();
            throw e;
        }
    }

    private static Authentication of(String secret) {
        return Set.of("alice", "bob").contains(secret)
                ? new Authentication.Accepted(Principal.proven(secret, Proof.TOKEN))
                : new Authentication.Refused(Fault.unreached(Code.UNAUTHENTICATED, "the credentials are not valid"));
    }

    @Override
    public Decision authorize(Principal caller, String resource, String action) {
        boolean may = allowed.contains(caller.name() + " " + resource + " " + action);
        return new Decision(may, may ? "test" : "", may ? "it is allowed" : "no rule allows it");
    }
}
