package dev.treaty.client;

import dev.treaty.balance.Candidates;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.contract.ServiceContract;
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
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which of a service's nodes the calls of one client may go to: those that meet its {@link Requirement} and whose
 * contract fits its own, operation by operation. An instance that some calls of an operation fail at, or whose contract
 * is only just being asked for, is called where no other is; one that all calls fail at is never called.
 *
 * <p>It is worked out once for each set of nodes. While all of them fit, as on all days but those of a deploy, asking
 * costs one comparison.
 */
public final class CompatibilityFilter {
    /** The most different contracts that judgements are kept for. */
    private static final int JUDGED_MAX = 64;

    private static final String INCOMPATIBLE = "incompatible contract: ";

    private static final Judgement FITS = new Judgement("", null, false);

    private final @Nullable ServiceContract contract;
    private final Requirement requirement;
    private final ContractCache contracts;
    private final Map<Judged, Judgement> judgements = new ConcurrentHashMap<>();
    private final AtomicInteger answers = new AtomicInteger();
    private volatile @Nullable Sorted last;

    /** What a judgement depends on. */
    private record Judged(String version, String fingerprint, String capabilities) {}

    /**
     * What was found about an instance.
     *
     * @param objection why no call may go there; empty where some may
     * @param compatibility how the contracts compare; null where they are the same, or nobody knows
     * @param clientIsOlder which of the two the client has
     */
    private record Judgement(String objection, @Nullable Compatibility compatibility, boolean clientIsOlder) {
        Impact harm(String operation) {
            if (!objection.isEmpty()) {
                return Impact.ALL;
            }
            if (compatibility == null) {
                return Impact.NONE;
            }
            return clientIsOlder ? compatibility.oldClients(operation) : compatibility.newClients(operation);
        }

        boolean fits() {
            return objection.isEmpty()
                    && (compatibility == null
                            || (clientIsOlder ? compatibility.oldClientsWork() : compatibility.newClientsWork()));
        }

        /** The first of the reasons why calls of that operation fail. */
        Optional<Difference> reason(String operation) {
            return compatibility == null
                    ? Optional.empty()
                    : compatibility.differences().stream()
                            .filter(d -> d.operations().contains(operation))
                            .filter(clientIsOlder ? Difference::breaksOldClients : Difference::breaksNewClients)
                            .findFirst();
        }
    }

    /**
     * One set of nodes, judged.
     *
     * @param judgements nothing for one whose contract is being asked for
     * @param answers how many answers of the registry it knows of
     * @param by those that calls of each operation may go to
     */
    private record Sorted(
            List<Node> all,
            Map<Node, Optional<Judgement>> judgements,
            boolean allFit,
            int answers,
            Map<String, Fitting> by) {}

    /** Candidates, and those of them that fit. */
    private record Fitting(Candidates of, Candidates fitting) {}

    /** @param contract what the client was built for; null where it has no contract of its own */
    public CompatibilityFilter(@Nullable ServiceContract contract, Requirement requirement, ContractCache contracts) {
        this.contract = contract;
        this.requirement = requirement;
        this.contracts = contracts;
    }

    /**
     * Those of the candidates that the call may go to.
     *
     * @param all every node of the service: the same list as long as discovery has no news
     */
    @SuppressWarnings("ReferenceEquality") // a list of nodes never changes; another one is another object
    Candidates among(List<Node> all, Candidates candidates, Call call) {
        Sorted sorted = last;
        if (sorted == null || sorted.all != all || sorted.answers != answers.get()) {
            sorted = sort(all);
            last = sorted;
        }
        return sorted.allFit ? candidates : fitting(sorted, candidates, call);
    }

    private Sorted sort(List<Node> all) {
        int known = answers.get(); // first: an answer that comes meanwhile is for the next time
        var judged = new IdentityHashMap<Node, Optional<Judgement>>();
        all.forEach(node -> judged.put(node, Optional.ofNullable(judge(node.instance()))));
        boolean allFit =
                judged.values().stream().allMatch(j -> j.isPresent() && j.get().fits());
        return new Sorted(all, judged, allFit, known, new ConcurrentHashMap<>());
    }

    @SuppressWarnings("ReferenceEquality") // candidates never change; others are another object
    private Candidates fitting(Sorted sorted, Candidates candidates, Call call) {
        String operation = call.operation().name();
        Fitting known = sorted.by.get(operation);
        if (known == null || known.of != candidates) {
            Candidates fit = select(sorted, candidates, call, Impact.NONE);
            boolean none = IntStream.range(0, fit.size())
                    .noneMatch(i -> fit.weight(i) > 0
                            && fit.instance(i).health().status().takesCalls());
            known = new Fitting(candidates, none ? select(sorted, candidates, call, Impact.SOME) : fit);
            sorted.by.put(operation, known);
        }
        return known.fitting;
    }

    private Candidates select(Sorted sorted, Candidates candidates, Call call, Impact most) {
        return candidates.without(member -> {
            var node = (Node) member;
            Impact harm = sorted.judgements
                    .getOrDefault(node, Optional.empty())
                    .map(judgement -> judgement.harm(call.operation().name()))
                    .orElse(Impact.SOME);
            return harm.compareTo(most) <= 0 ? null : exclusion(node, call);
        });
    }

    private Exclusion exclusion(Node node, Call call) {
        String objection = objection(node, call);
        boolean capability = !objection.isEmpty() && !objection.startsWith(INCOMPATIBLE);
        return new Exclusion(
                node.instance().id(),
                capability ? Exclusion.Reason.MISSING_CAPABILITY : Exclusion.Reason.INCOMPATIBLE_CONTRACT,
                capability ? objection : objection.replaceFirst("^" + INCOMPATIBLE, ""));
    }

    /** Why calls of that operation do not go there, in a few words; empty where they may. */
    String objection(Node node, Call call) {
        Judgement judgement = judge(node.instance());
        String operation = call.operation().name();
        if (judgement == null || judgement.harm(operation) == Impact.NONE) {
            return "";
        }
        if (!judgement.objection.isEmpty()) {
            return judgement.objection;
        }
        return INCOMPATIBLE
                + judgement
                        .reason(operation)
                        .map(difference ->
                                node.instance().version() + " breaks " + operation + ", " + difference.summary())
                        .orElse("version " + node.instance().version());
    }

    private @Nullable Judgement judge(ServiceInstance instance) {
        var key = new Judged(
                instance.version().toString(),
                instance.contract(),
                instance.metadata().getOrDefault(Requirement.CAPABILITIES, ""));
        Judgement known = judgements.get(key);
        if (known == null) {
            known = judgeAnew(instance);
            if (known != null && settled(known, instance)) {
                if (judgements.size() >= JUDGED_MAX) {
                    judgements.clear();
                }
                judgements.put(key, known);
            }
        }
        return known;
    }

    /** Whether asking the registry again could change the judgement. */
    private boolean settled(Judgement judgement, ServiceInstance instance) {
        return judgement.compatibility != null || !judgement.objection.isEmpty() || same(instance);
    }

    private boolean same(ServiceInstance instance) {
        ServiceContract own = contract;
        return own == null
                || instance.contract().isEmpty()
                || instance.contract().equals(own.fingerprint());
    }

    private @Nullable Judgement judgeAnew(ServiceInstance instance) {
        Optional<String> objection = requirement.objection(instance);
        if (objection.isPresent()) {
            String what = requirement.versionObjection(instance).isPresent() ? INCOMPATIBLE : "";
            return new Judgement(what + objection.get(), null, false);
        }
        ServiceContract own = contract;
        if (own == null || same(instance)) {
            return FITS;
        }
        ContractCache.Found theirs = contracts.find(instance.service(), instance.contract(), answers::incrementAndGet);
        ServiceContract server = theirs.contract();
        return server != null ? compare(own, server) : theirs.answered() ? FITS : null;
    }

    private static Judgement compare(ServiceContract client, ServiceContract server) {
        boolean clientIsOlder = client.version().compareTo(server.version()) <= 0;
        return new Judgement(
                "",
                clientIsOlder ? Compatibility.between(client, server) : Compatibility.between(server, client),
                clientIsOlder);
    }
}
