package dev.treaty.core.call;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The service or user that makes a call.
 *
 * @param name its name; empty if it is anonymous
 * @param proof how the name is proven; {@link Proof#NONE} if it is only claimed
 * @param roles the roles that its token states; empty for other proofs
 * @param claims further claims of its token, as text; a list is joined by spaces
 */
public record Principal(String name, Proof proof, Set<String> roles, Map<String, String> claims) {
    /** A caller without a name. */
    public static final Principal ANONYMOUS = new Principal("", Proof.NONE, Set.of(), Map.of());

    /** How the name of a caller is proven. */
    public enum Proof {
        /** Not at all: the caller claims it. */
        NONE,
        /** By the certificate of the connection. */
        CERTIFICATE,
        /** By a signed token. */
        TOKEN,
        /** By an API key. */
        API_KEY,
        /** By the secret of the user that runs the server's process, on the same machine. */
        LOCAL_SECRET;

        /** Its name in lower case, such as {@code api key}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Copies roles and claims. */
    public Principal {
        roles = Set.copyOf(roles);
        claims = Map.copyOf(claims);
    }

    /** A caller whose name is not proven. */
    public static Principal claimed(String name) {
        return name.isEmpty() ? ANONYMOUS : new Principal(name, Proof.NONE, Set.of(), Map.of());
    }

    /** A caller whose name is proven, without roles and claims. */
    public static Principal proven(String name, Proof proof) {
        return new Principal(name, proof, Set.of(), Map.of());
    }

    /** Whether the name is proven. Servers trust the priority of authenticated callers only. */
    public boolean authenticated() {
        return proof != Proof.NONE;
    }
}
