package dev.treaty.core.contract.compatibility;

import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import dev.treaty.core.contract.compatibility.Findings.Place;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares two contracts. {@link ShapeComparison} finds the differences of a pair of messages, once for all operations
 * that share them; this class lists each difference once, with the operations that it affects.
 */
final class ContractComparison {
    private final ServiceContract older;
    private final ServiceContract newer;
    private final ShapeComparison shapes = new ShapeComparison();
    private final Findings all = new Findings();
    private final Map<Place, Set<String>> operations = new HashMap<>();
    private final Map<String, Impact> oldClients = new HashMap<>();
    private final Map<String, Impact> newClients = new HashMap<>();

    ContractComparison(ServiceContract older, ServiceContract newer) {
        this.older = older;
        this.newer = newer;
    }

    Compatibility compare() {
        if (!older.name().equals(newer.name())) {
            add(Rules.difference(Kind.SERVICE_RENAMED, older.name().value(), newer.name()));
        }
        var added = new LinkedHashMap<String, Operation>();
        newer.operations().forEach(operation -> added.put(operation.name(), operation));
        for (Operation operation : older.operations()) {
            Operation now = added.remove(operation.name());
            if (now == null) {
                add(operation, Kind.OPERATION_REMOVED);
            } else {
                compare(operation, now);
            }
        }
        added.values().forEach(operation -> add(operation, Kind.OPERATION_ADDED));
        capabilities();
        var differences = all.byPlace().entrySet().stream()
                .map(entry ->
                        entry.getValue().withOperations(List.copyOf(operations.getOrDefault(entry.getKey(), Set.of()))))
                .toList();
        return new Compatibility(differences, oldClients, newClients);
    }

    private void compare(Operation before, Operation now) {
        if (before.idempotent() != now.idempotent()) {
            add(before, now.idempotent() ? Kind.IDEMPOTENCY_STRENGTHENED : Kind.IDEMPOTENCY_WEAKENED);
        }
        add(before.name(), shapes.messages(before, now));
    }

    private void capabilities() {
        var added = new LinkedHashMap<String, ServiceCapability>();
        newer.capabilities().forEach(capability -> added.put(capability.name(), capability));
        for (ServiceCapability capability : older.capabilities()) {
            if (capability.enabled()) {
                ServiceCapability now = added.remove(capability.name());
                if (now == null) {
                    add(Rules.difference(Kind.CAPABILITY_REMOVED, capability.name()));
                } else if (!now.enabled()) {
                    add(Rules.difference(Kind.CAPABILITY_OFF, capability.name()));
                }
            }
        }
        added.values().stream()
                .filter(ServiceCapability::enabled)
                .forEach(capability -> add(Rules.difference(Kind.CAPABILITY_ADDED, capability.name())));
    }

    private void add(Operation operation, Kind kind) {
        var findings = new Findings();
        findings.add(Rules.difference(kind, operation.name()));
        add(operation.name(), findings);
    }

    /** Adds a difference that affects no operation in particular; its impact counts under an empty name. */
    private void add(Difference difference) {
        all.add(difference);
        count("", difference.oldClients(), difference.newClients());
    }

    private void add(String operation, Findings findings) {
        count(operation, findings.oldClients(), findings.newClients());
        findings.byPlace().forEach((place, difference) -> {
            all.add(difference);
            operations.computeIfAbsent(place, _ -> new LinkedHashSet<>()).add(operation);
        });
    }

    private void count(String operation, Impact old, Impact fresh) {
        if (old != Impact.NONE) {
            oldClients.merge(operation, old, Impact::or);
        }
        if (fresh != Impact.NONE) {
            newClients.merge(operation, fresh, Impact::or);
        }
    }
}
