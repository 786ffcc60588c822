package dev.treaty.core.contract.compatibility;

import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import dev.treaty.core.contract.compatibility.Difference.Message;
import java.util.LinkedHashMap;
import java.util.Map;

/** The differences in one part of a contract, each once, and the greatest impact of them all. */
final class Findings {
    /** What identifies a difference, whichever operations it affects. */
    record Place(Kind kind, Message message, String where) {}

    private final Map<Place, Difference> byPlace = new LinkedHashMap<>();
    private Impact oldClients = Impact.NONE;
    private Impact newClients = Impact.NONE;

    /** Adds a difference, unless there are {@link Compatibility#DIFFERENCES_MAX} others; its impact always counts. */
    void add(Difference difference) {
        oldClients = oldClients.or(difference.oldClients());
        newClients = newClients.or(difference.newClients());
        var place = new Place(difference.kind(), difference.message(), difference.where());
        if (byPlace.size() < Compatibility.DIFFERENCES_MAX || byPlace.containsKey(place)) {
            byPlace.merge(
                    place,
                    difference,
                    (one, other) -> one.withImpact(
                            one.oldClients().or(other.oldClients()),
                            one.newClients().or(other.newClients())));
        }
    }

    /**
     * Adds the differences of a part.
     *
     * @param always whether every message has this part
     */
    void add(Findings part, boolean always) {
        part.byPlace.values().forEach(one -> add(always ? one : one.inPart()));
        oldClients = oldClients.or(always ? part.oldClients : part.oldClients.inPart());
        newClients = newClients.or(always ? part.newClients : part.newClients.inPart());
    }

    Map<Place, Difference> byPlace() {
        return byPlace;
    }

    Impact oldClients() {
        return oldClients;
    }

    Impact newClients() {
        return newClients;
    }
}
