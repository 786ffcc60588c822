package dev.treaty.core.contract;

import dev.treaty.core.contract.Difference.Impact;
import dev.treaty.core.contract.Difference.Kind;
import dev.treaty.core.contract.Difference.Message;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** What was found in a pair of shapes: each difference once, and the worst of them all. */
final class ComparisonResult {
    /** A difference before it is known which operations carry it. */
    record Found(Kind kind, Message message, String where, String text, Impact oldClients, Impact newClients) {
        private Found or(Found other) {
            return new Found(
                    kind, message, where, text, oldClients.or(other.oldClients), newClients.or(other.newClients));
        }

        private Found inPart() {
            return new Found(kind, message, where, text, oldClients.inPart(), newClients.inPart());
        }

        Place place() {
            return new Place(kind, message, where);
        }
    }

    /** What makes two differences the same. */
    record Place(Kind kind, Message message, String where) {}

    private final Map<Place, Found> found = new LinkedHashMap<>();
    private Impact oldClients = Impact.NONE;
    private Impact newClients = Impact.NONE;

    void add(Found one) {
        oldClients = oldClients.or(one.oldClients);
        newClients = newClients.or(one.newClients);
        Place place = one.place();
        if (found.size() < Compatibility.DIFFERENCES_MAX || found.containsKey(place)) {
            found.merge(place, one, Found::or);
        }
    }

    /**
     * Takes in what was found in something that this is made of.
     *
     * @param always whether each message has that part
     */
    void add(ComparisonResult part, boolean always) {
        part.found.values().forEach(one -> add(always ? one : one.inPart()));
        oldClients = oldClients.or(always ? part.oldClients : part.oldClients.inPart());
        newClients = newClients.or(always ? part.newClients : part.newClients.inPart());
    }

    Collection<Found> all() {
        return found.values();
    }

    Impact oldClients() {
        return oldClients;
    }

    Impact newClients() {
        return newClients;
    }
}
