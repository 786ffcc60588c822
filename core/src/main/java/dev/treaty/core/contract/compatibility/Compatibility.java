package dev.treaty.core.contract.compatibility;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import java.util.List;
import java.util.Map;

/**
 * Whether clients and servers of two versions of a contract can communicate, and if not, why not. It follows from the
 * rules of the wire: a request has only fields that its reader knows, a response may have more; required fields are
 * present; values have the reader's shape and are not coerced. A number is accepted if the reader's number type
 * represents it exactly, and every value that is a JSON string is accepted as a string.
 *
 * <p>Both directions count. Old clients call new servers as soon as the first server is upgraded; new clients call old
 * servers if a client is upgraded first, or if a new server is a client of another.
 *
 * <p>The comparison covers what a contract expresses. It does not know what a field means, that an {@code int32} is a
 * {@code byte} in the Java code of one version, or which enum the keys of a map belong to.
 *
 * @param differences the differences, those of operations first; empty if both versions promise the same
 * @param oldClients how many calls of each operation fail that old clients send to new servers, without those of which
 *     none fails; an empty name stands for the service and its capabilities
 * @param newClients the same for calls that new clients send to old servers
 */
public record Compatibility(
        List<Difference> differences, Map<String, Impact> oldClients, Map<String, Impact> newClients) {
    /** The maximum number of {@link #differences()}; all differences count for the result. */
    public static final int DIFFERENCES_MAX = 1_000;

    /** Copies the collections. */
    public Compatibility {
        differences = List.copyOf(differences);
        oldClients = Map.copyOf(oldClients);
        newClients = Map.copyOf(newClients);
    }

    /** Compares two versions of a contract. */
    public static Compatibility between(ServiceContract older, ServiceContract newer) {
        return new ContractComparison(older, newer).compare();
    }

    /** Returns true if every call from an old client to a new server succeeds. */
    public boolean oldClientsWork() {
        return oldClients.isEmpty();
    }

    /** Returns true if every call from a new client to an old server succeeds. */
    public boolean newClientsWork() {
        return newClients.isEmpty();
    }

    /** Returns how many calls of an operation fail that old clients send to new servers. */
    public Impact oldClients(String operation) {
        return oldClients.getOrDefault(operation, Impact.NONE);
    }

    /** Returns how many calls of an operation fail that new clients send to old servers. */
    public Impact newClients(String operation) {
        return newClients.getOrDefault(operation, Impact.NONE);
    }
}
