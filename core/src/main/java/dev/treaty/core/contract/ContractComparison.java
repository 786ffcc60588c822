package dev.treaty.core.contract;

import dev.treaty.core.contract.ComparisonResult.Found;
import dev.treaty.core.contract.ComparisonResult.Place;
import dev.treaty.core.contract.Difference.Impact;
import dev.treaty.core.contract.Difference.Kind;
import dev.treaty.core.contract.Difference.Message;
import dev.treaty.core.contract.Shape.Structure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares two contracts. {@link ShapeComparison} finds what differs in a pair of messages, once however many
 * operations carry it; here it is put together by operation, and each difference is told once with the operations that
 * it touches.
 */
final class ContractComparison {
    /** The most names of either side among which renamed ones are sought. */
    static final int RENAMES_SOUGHT_MAX = 64;

    private static final class Told {
        final Set<String> operations = new LinkedHashSet<>();
        final String text;
        Impact oldClients = Impact.NONE;
        Impact newClients = Impact.NONE;

        Told(String text) {
            this.text = text;
        }
    }

    private final ServiceContract older;
    private final ServiceContract newer;
    private final Map<Place, Told> told = new LinkedHashMap<>();
    private final Map<String, Impact> oldClients = new HashMap<>();
    private final Map<String, Impact> newClients = new HashMap<>();

    ContractComparison(ServiceContract older, ServiceContract newer) {
        this.older = older;
        this.newer = newer;
    }

    Compatibility compare() {
        if (!older.name().equals(newer.name())) {
            add(
                    "",
                    new Found(
                            Kind.SERVICE_RENAMED,
                            Message.NONE,
                            older.name().value(),
                            "the service is called " + newer.name()
                                    + " now: it is found by its name, so for its callers"
                                    + " it is another service. Serve both names until nobody calls the old one.",
                            Impact.ALL,
                            Impact.ALL));
        }
        operations();
        capabilities();
        var differences = new ArrayList<Difference>();
        told.forEach((place, t) -> differences.add(new Difference(
                place.kind(),
                place.message(),
                place.where(),
                List.copyOf(t.operations),
                t.oldClients,
                t.newClients,
                t.text)));
        return new Compatibility(differences, oldClients, newClients);
    }

    private void operations() {
        var before = byName(older);
        var after = byName(newer);
        var renamed = Renames.sought(before, after, ContractComparison::alike);
        var shapes = new ShapeComparison();
        for (Operation one : older.operations()) {
            Operation two = after.get(one.name());
            String other = renamed.get(one.name());
            if (two != null) {
                idempotency(one, two);
                add(one.name(), shapes.messages(one, two));
            } else if (other != null) {
                renamed(one.name(), other);
            } else {
                removed(one.name());
            }
        }
        for (Operation two : newer.operations()) {
            if (!before.containsKey(two.name()) && !renamed.containsValue(two.name())) {
                added(two.name());
            }
        }
    }

    private static Map<String, Operation> byName(ServiceContract contract) {
        var byName = new LinkedHashMap<String, Operation>();
        contract.operations().forEach(operation -> byName.put(operation.name(), operation));
        return byName;
    }

    private static boolean alike(Operation one, Operation two) {
        return fields(one.request(), two.request()) && fields(one.response(), two.response());
    }

    private static boolean fields(Structure one, Structure two) {
        return one.fields().size() == two.fields().size()
                && one.fields().stream()
                        .allMatch(field -> two.field(field.name())
                                .filter(same ->
                                        ShapeComparison.word(same.shape()).equals(ShapeComparison.word(field.shape())))
                                .isPresent());
    }

    private void removed(String operation) {
        add(
                operation,
                new Found(
                        Kind.OPERATION_REMOVED,
                        Message.NONE,
                        operation,
                        "the operation is gone: old clients that call it get UNIMPLEMENTED. Keep it until nobody calls"
                                + " it any more.",
                        Impact.ALL,
                        Impact.NONE));
    }

    private void added(String operation) {
        add(
                operation,
                new Found(
                        Kind.OPERATION_ADDED,
                        Message.NONE,
                        operation,
                        "the operation is new: old servers do not know it. Roll out the servers before the clients that"
                                + " call it.",
                        Impact.NONE,
                        Impact.ALL));
    }

    private void renamed(String operation, String other) {
        var found = new Found(
                Kind.OPERATION_RENAMED,
                Message.NONE,
                operation,
                "the operation seems to be called \"" + other
                        + "\" now: operations are called by name, so this removes one" + " and adds another. Keep \""
                        + operation + "\" beside it until nobody calls it any more.",
                Impact.ALL,
                Impact.ALL);
        count(operation, Impact.ALL, Impact.NONE);
        count(other, Impact.NONE, Impact.ALL);
        tell(operation, found);
        tell(other, found);
    }

    private void idempotency(Operation one, Operation two) {
        if (one.idempotent() && !two.idempotent()) {
            add(
                    one.name(),
                    new Found(
                            Kind.IDEMPOTENCY_WEAKENED,
                            Message.NONE,
                            one.name(),
                            "the operation is no longer idempotent: old clients repeat calls that may have run, so it"
                                    + " may run twice. Keep it idempotent, or give the new one another name.",
                            Impact.SOME,
                            Impact.NONE));
        } else if (!one.idempotent() && two.idempotent()) {
            add(
                    one.name(),
                    new Found(
                            Kind.IDEMPOTENCY_STRENGTHENED,
                            Message.NONE,
                            one.name(),
                            "the operation is idempotent now: new clients repeat calls that may have run, against old"
                                    + " servers too, where it may run twice. Roll out the servers before the clients.",
                            Impact.NONE,
                            Impact.SOME));
        }
    }

    private void capabilities() {
        var offered = new HashMap<String, ServiceCapability>();
        newer.capabilities().forEach(capability -> offered.put(capability.name(), capability));
        for (ServiceCapability before : older.capabilities()) {
            ServiceCapability after = offered.remove(before.name());
            if (after == null && before.enabled()) {
                capability(
                        Kind.CAPABILITY_REMOVED,
                        before.name(),
                        "the capability is gone: clients that require it are sent to no server without it. Keep it"
                                + " until nobody requires it, or switch it off first.",
                        Impact.SOME);
            } else if (after != null && before.enabled() && !after.enabled()) {
                capability(
                        Kind.CAPABILITY_OFF,
                        before.name(),
                        "the capability is switched off: clients that require it are not sent to servers that do not"
                                + " offer it.",
                        Impact.NONE);
            } else if (after != null && !before.enabled() && after.enabled()) {
                offered.put(after.name(), after);
            }
        }
        offered.values().stream()
                .filter(ServiceCapability::enabled)
                .forEach(capability -> capability(
                        Kind.CAPABILITY_ADDED,
                        capability.name(),
                        "the capability is new: clients that require it are sent only to servers that offer it.",
                        Impact.NONE));
    }

    private void capability(Kind kind, String name, String text, Impact oldClients) {
        add("", new Found(kind, Message.NONE, name, text, oldClients, Impact.NONE));
    }

    private void add(String operation, Found found) {
        count(operation, found.oldClients(), found.newClients());
        tell(operation, found);
    }

    private void add(String operation, ComparisonResult findings) {
        count(operation, findings.oldClients(), findings.newClients());
        findings.all().forEach(found -> tell(operation, found));
    }

    private void count(String operation, Impact old, Impact fresh) {
        if (old != Impact.NONE) {
            oldClients.merge(operation, old, Impact::or);
        }
        if (fresh != Impact.NONE) {
            newClients.merge(operation, fresh, Impact::or);
        }
    }

    private void tell(String operation, Found found) {
        Place place = found.place();
        if (told.size() >= Compatibility.DIFFERENCES_MAX && !told.containsKey(place)) {
            return;
        }
        Told t = told.computeIfAbsent(place, _ -> new Told(found.text()));
        if (!operation.isEmpty()) {
            t.operations.add(operation);
        }
        t.oldClients = t.oldClients.or(found.oldClients());
        t.newClients = t.newClients.or(found.newClients());
    }
}
