package dev.treaty.core.contract;

import dev.treaty.core.contract.Difference.Impact;
import java.util.List;
import java.util.Map;

/**
 * Whether two versions of a contract can talk to each other, and if not, why not. It follows from the rules of the
 * wire: a request has exactly the fields that its reader knows; a response may have more; a required field is there;
 * values are of the reader's shape, and nothing is coerced. A number is read where it fits into the reader's kind of
 * number exactly, and whatever travels as a string is read as a string.
 *
 * <p>Both directions count. Clients of the older version meet servers of the newer one as soon as the first server is
 * replaced; clients of the newer version meet servers of the older one where a client is replaced first, or where a new
 * server calls another.
 *
 * <p>It judges what a contract says. What it does not say, it cannot judge: what a field means, that an {@code int32}
 * is a {@code byte} in one version's Java, which enum the keys of a map are.
 */
public final class Compatibility {
    /** The most differences that are told; the judgement counts all of them. */
    public static final int DIFFERENCES_MAX = 1_000;

    private final List<Difference> differences;
    private final Map<String, Impact> oldClients;
    private final Map<String, Impact> newClients;

    Compatibility(List<Difference> differences, Map<String, Impact> oldClients, Map<String, Impact> newClients) {
        this.differences = List.copyOf(differences);
        this.oldClients = Map.copyOf(oldClients);
        this.newClients = Map.copyOf(newClients);
    }

    /** Compares two versions of a contract. */
    public static Compatibility between(ServiceContract older, ServiceContract newer) {
        return new ContractComparison(older, newer).compare();
    }

    /** Everything that differs, the operations first; empty where the two promise the same. */
    public List<Difference> differences() {
        return differences;
    }

    /** True where every call of a client of the older version to a server of the newer one succeeds. */
    public boolean oldClientsWork() {
        return oldClients.isEmpty();
    }

    /** True where every call of a client of the newer version to a server of the older one succeeds. */
    public boolean newClientsWork() {
        return newClients.isEmpty();
    }

    /** How many calls of that operation fail, made by clients of the older version to servers of the newer one. */
    public Impact oldClients(String operation) {
        return oldClients.getOrDefault(operation, Impact.NONE);
    }

    /** How many calls of that operation fail, made by clients of the newer version to servers of the older one. */
    public Impact newClients(String operation) {
        return newClients.getOrDefault(operation, Impact.NONE);
    }
}
