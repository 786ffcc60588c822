package dev.treaty.client;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.treaty.balance.Candidates;
import dev.treaty.config.RequirementSettings;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Excludes instances that the calls of one client must not be sent to: those that do not meet its {@link Requirement},
 * and, for each operation, those whose contract is not compatible with the client's. An instance at which some calls of
 * an operation fail, or whose contract is not known yet, is called only if there is no other; one at which all calls
 * fail is never called.
 *
 * <p>Nodes are evaluated once for each change of the list, by one thread while others wait. While all nodes are
 * compatible, which is always the case except during some deployments, a call costs one comparison.
 */
final class CompatibilityFilter {
    /** The maximum number of cached verdicts. */
    private static final int VERDICTS_MAX = 64;

    /** The maximum number of candidates whose filtered ones are cached: of some destinations, and earlier snapshots. */
    private static final int FILTERED_MAX = 64;

    private static final Verdict COMPATIBLE = new Verdict(null, "", null, false);

    private final @Nullable ServiceContract contract;
    private final Requirement code;
    private final ContractCache contracts;
    private final Map<VerdictKey, Verdict> verdicts = new ConcurrentHashMap<>();
    private final AtomicInteger lookups = new AtomicInteger();
    private final ReentrantLock evaluating = new ReentrantLock();
    private volatile @Nullable Evaluation latest;

    /** What a verdict depends on. */
    private record VerdictKey(RequirementSettings requires, String version, String fingerprint, String capabilities) {}

    /**
     * Whether an instance is compatible.
     *
     * @param reason why no call may be sent to it; null if calls may be
     * @param detail the detail of the reason
     * @param compatibility how the contracts compare; null if they are equal, or one is not known
     * @param clientIsOlder whether the client has the older version
     */
    private record Verdict(
            @Nullable Reason reason,
            String detail,
            @Nullable Compatibility compatibility,
            boolean clientIsOlder) {
        Impact impact(String operation) {
            if (compatibility == null) {
                return reason == null ? Impact.NONE : Impact.ALL;
            }
            return clientIsOlder ? compatibility.oldClients(operation) : compatibility.newClients(operation);
        }

        boolean compatible() {
            return compatibility == null
                    ? reason == null
                    : clientIsOlder ? compatibility.oldClientsWork() : compatibility.newClientsWork();
        }

        /** The first difference that breaks calls of that operation. */
        Optional<Difference> difference(String operation) {
            return compatibility == null
                    ? Optional.empty()
                    : compatibility.differences().stream()
                            .filter(d -> d.operations().contains(operation))
                            .filter(clientIsOlder ? Difference::breaksOldClients : Difference::breaksNewClients)
                            .findFirst();
        }
    }

    /**
     * The verdicts of all nodes in one list.
     *
     * @param requires the settings by which they were found
     * @param verdicts empty for a node whose contract is not known yet
     * @param lookups the number of finished contract lookups at that time
     * @param filtered the filtered candidates by operation, by the identity of the immutable candidates
     */
    private record Evaluation(
            List<Node> nodes,
            RequirementSettings requires,
            Map<Node, Optional<Verdict>> verdicts,
            boolean allCompatible,
            int lookups,
            Cache<Candidates<Node>, Map<String, Candidates<Node>>> filtered) {}

    /**
     * A filter of one client.
     *
     * @param contract the client's contract; null if it has none
     * @param code what the client's code requires
     */
    CompatibilityFilter(@Nullable ServiceContract contract, Requirement code, ContractCache contracts) {
        this.contract = contract;
        this.code = code;
        this.contracts = contracts;
    }

    /**
     * Returns the candidates that the call may be sent to, of the candidates among these nodes.
     *
     * @param requires the settings of the call, compared by identity
     */
    Candidates<Node> filter(Nodes nodes, Candidates<Node> candidates, RequirementSettings requires, Call call) {
        Evaluation evaluation = latest;
        if (evaluation == null || !isCurrent(evaluation, nodes, requires)) {
            evaluation = evaluation(nodes, requires);
        }
        if (evaluation.allCompatible) {
            return candidates;
        }
        Evaluation current = evaluation;
        return current.filtered
                .get(candidates, _ -> new ConcurrentHashMap<>())
                .computeIfAbsent(call.operation().name(), operation -> filter(current, candidates, operation));
    }

    @SuppressWarnings("ReferenceEquality") // a list of nodes is immutable; a change is another object
    private boolean isCurrent(Evaluation evaluation, Nodes nodes, RequirementSettings requires) {
        return evaluation.nodes == nodes.list()
                && evaluation.requires == requires
                && evaluation.lookups == lookups.get();
    }

    private Evaluation evaluation(Nodes nodes, RequirementSettings requires) {
        evaluating.lock();
        try {
            Evaluation evaluation = latest;
            if (evaluation == null || !isCurrent(evaluation, nodes, requires)) {
                evaluation = evaluate(nodes.list(), requires);
                latest = evaluation;
            }
            return evaluation;
        } finally {
            evaluating.unlock();
        }
    }

    private Evaluation evaluate(List<Node> nodes, RequirementSettings requires) {
        int finished = lookups.get(); // first: a lookup that finishes during the evaluation leads to another one
        Requirement all = requires.over(code);
        var byNode = new IdentityHashMap<Node, Optional<Verdict>>();
        nodes.forEach(node -> byNode.put(node, Optional.ofNullable(verdict(node.instance(), requires, all))));
        boolean allCompatible = byNode.values().stream()
                .allMatch(verdict -> verdict.isPresent() && verdict.get().compatible());
        var filtered = Caffeine.newBuilder()
                .weakKeys() // compares by identity
                .maximumSize(FILTERED_MAX)
                .executor(Runnable::run)
                .<Candidates<Node>, Map<String, Candidates<Node>>>build();
        return new Evaluation(nodes, requires, byNode, allCompatible, finished, filtered);
    }

    private static Candidates<Node> filter(Evaluation evaluation, Candidates<Node> candidates, String operation) {
        Candidates<Node> compatible = filter(evaluation, candidates, operation, Impact.NONE);
        boolean none = IntStream.range(0, compatible.size())
                .noneMatch(i -> compatible.weight(i) > 0
                        && compatible.instance(i).health().status().takesCalls());
        return none ? filter(evaluation, candidates, operation, Impact.SOME) : compatible;
    }

    private static Candidates<Node> filter(
            Evaluation evaluation, Candidates<Node> candidates, String operation, Impact accepted) {
        return candidates.without(node -> {
            Optional<Verdict> verdict = evaluation.verdicts.getOrDefault(node, Optional.empty());
            Impact impact = verdict.map(v -> v.impact(operation)).orElse(Impact.SOME);
            return impact.compareTo(accepted) <= 0 ? null : exclusion(node.instance(), verdict, operation);
        });
    }

    private static Exclusion exclusion(ServiceInstance instance, Optional<Verdict> verdict, String operation) {
        if (verdict.isEmpty()) {
            return new Exclusion(instance.id(), Reason.INCOMPATIBLE_CONTRACT, "its contract is not known yet");
        }
        Reason reason = verdict.get().reason;
        if (reason != null) {
            return new Exclusion(instance.id(), reason, verdict.get().detail);
        }
        String detail = verdict.get()
                .difference(operation)
                .map(d -> instance.version() + " breaks " + operation + ", " + d.summary())
                .orElse("version " + instance.version());
        return new Exclusion(instance.id(), Reason.INCOMPATIBLE_CONTRACT, detail);
    }

    /** Returns the verdict on an instance, or null if its contract is not known yet. */
    private @Nullable Verdict verdict(ServiceInstance instance, RequirementSettings requires, Requirement all) {
        var key = new VerdictKey(
                requires,
                instance.version().toString(),
                instance.contract(),
                instance.metadata().getOrDefault(Requirement.CAPABILITIES, ""));
        Verdict known = verdicts.get(key);
        if (known == null) {
            known = newVerdict(instance, all);
            if (known != null && isFinal(known, instance)) {
                if (verdicts.size() >= VERDICTS_MAX) {
                    verdicts.clear();
                }
                verdicts.put(key, known);
            }
        }
        return known;
    }

    /** Returns true if another lookup in the registry could not change the verdict. */
    private boolean isFinal(Verdict verdict, ServiceInstance instance) {
        return verdict.compatibility != null || verdict.reason != null || sameContract(instance);
    }

    private boolean sameContract(ServiceInstance instance) {
        return contract == null
                || instance.contract().isEmpty()
                || instance.contract().equals(contract.fingerprint());
    }

    private @Nullable Verdict newVerdict(ServiceInstance instance, Requirement all) {
        Optional<String> version = Requirement.NONE.withVersions(all.versions()).objection(instance);
        if (version.isPresent()) {
            return new Verdict(Reason.INCOMPATIBLE_CONTRACT, version.get(), null, false);
        }
        Optional<String> capability = all.withVersions(VersionRange.ANY).objection(instance);
        if (capability.isPresent()) {
            return new Verdict(Reason.MISSING_CAPABILITY, capability.get(), null, false);
        }
        if (contract == null || sameContract(instance)) {
            return COMPATIBLE;
        }
        ContractCache.Lookup found = contracts.find(instance.service(), instance.contract(), lookups::incrementAndGet);
        ServiceContract server = found.contract();
        if (server == null) {
            return found.answered() ? COMPATIBLE : null;
        }
        boolean clientIsOlder = contract.version().compareTo(server.version()) <= 0;
        Compatibility compatibility =
                clientIsOlder ? Compatibility.between(contract, server) : Compatibility.between(server, contract);
        return new Verdict(null, "", compatibility, clientIsOlder);
    }
}
