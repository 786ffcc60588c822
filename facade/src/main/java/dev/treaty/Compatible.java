package dev.treaty;

import dev.treaty.core.call.Call;
import dev.treaty.core.contract.Compatibility;
import dev.treaty.core.contract.Difference;
import dev.treaty.core.contract.Difference.Harm;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceInstance;
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
final class Compatible {
    /** The most different contracts that judgements are kept for. */
    private static final int JUDGED_MAX = 64;

    private static final Judgement FITS = new Judgement("", null, false);

    private final @Nullable ServiceContract contract;
    private final Requirement requirement;
    private final Contracts contracts;
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
        Harm harm(String operation) {
            if (!objection.isEmpty()) {
                return Harm.ALL;
            }
            if (compatibility == null) {
                return Harm.NONE;
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
     * @param by the nodes that calls of each operation may go to
     */
    private record Sorted(
            Nodes.Snapshot all,
            List<Optional<Judgement>> judgements,
            boolean allFit,
            int answers,
            Map<String, Nodes.Snapshot> by) {}

    /** @param contract what the client was built for; null where it has no contract of its own */
    Compatible(@Nullable ServiceContract contract, Requirement requirement, Contracts contracts) {
        this.contract = contract;
        this.requirement = requirement;
        this.contracts = contracts;
    }

    /** Those of the nodes that the call may go to. */
    @SuppressWarnings("ReferenceEquality") // a snapshot never changes; another one is another object
    Nodes.Snapshot among(Nodes.Snapshot all, Call call) {
        Sorted sorted = last;
        if (sorted == null || sorted.all != all || sorted.answers != answers.get()) {
            sorted = sort(all);
            last = sorted;
        }
        return sorted.allFit ? all : fitting(sorted, call.operation().name());
    }

    private Sorted sort(Nodes.Snapshot all) {
        int known = answers.get(); // first: an answer that comes meanwhile is for the next time
        List<Optional<Judgement>> judged = all.nodes().stream()
                .map(node -> Optional.ofNullable(judge(node.instance())))
                .toList();
        boolean allFit = judged.stream().allMatch(j -> j.isPresent() && j.get().fits());
        return new Sorted(all, judged, allFit, known, new ConcurrentHashMap<>());
    }

    private Nodes.Snapshot fitting(Sorted sorted, String operation) {
        Nodes.Snapshot known = sorted.by.get(operation);
        if (known == null) {
            known = select(sorted, operation, Harm.NONE);
            if (known.nodes().stream()
                    .noneMatch(node -> node.instance().health().status().takesCalls())) {
                known = select(sorted, operation, Harm.SOME);
            }
            sorted.by.put(operation, known);
        }
        return known;
    }

    private static Nodes.Snapshot select(Sorted sorted, String operation, Harm most) {
        return new Nodes.Snapshot(IntStream.range(0, sorted.judgements.size())
                .filter(i -> sorted.judgements
                                .get(i)
                                .map(judgement -> judgement.harm(operation))
                                .orElse(Harm.SOME)
                                .compareTo(most)
                        <= 0)
                .mapToObj(sorted.all.nodes()::get)
                .toList());
    }

    /** Why calls of that operation do not go there, in a few words; empty where they may. */
    String objection(Node node, Call call) {
        Judgement judgement = judge(node.instance());
        String operation = call.operation().name();
        if (judgement == null || judgement.harm(operation) == Harm.NONE) {
            return "";
        }
        if (!judgement.objection.isEmpty()) {
            return judgement.objection;
        }
        return "incompatible contract: "
                + judgement
                        .reason(operation)
                        .map(difference ->
                                node.instance().version() + " breaks " + operation + ", " + brief(difference))
                        .orElse("version " + node.instance().version());
    }

    private static String brief(Difference difference) {
        String text = difference.toString();
        int end = text.indexOf(": ", text.indexOf(": ") + 1);
        return end < 0 ? text : text.substring(0, end);
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
            String what = objection.get().startsWith("version") ? "incompatible contract: " : "";
            return new Judgement(what + objection.get(), null, false);
        }
        ServiceContract own = contract;
        if (own == null || same(instance)) {
            return FITS;
        }
        Optional<ServiceContract> theirs =
                contracts.find(instance.service(), instance.contract(), answers::incrementAndGet);
        if (theirs == null) {
            return null;
        }
        return theirs.map(server -> compare(own, server)).orElse(FITS);
    }

    private static Judgement compare(ServiceContract client, ServiceContract server) {
        boolean clientIsOlder = client.version().compareTo(server.version()) <= 0;
        return new Judgement(
                "",
                clientIsOlder ? Compatibility.between(client, server) : Compatibility.between(server, client),
                clientIsOlder);
    }
}
