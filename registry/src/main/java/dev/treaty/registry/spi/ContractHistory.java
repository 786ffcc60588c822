package dev.treaty.registry.spi;

import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The contracts of one service that are remembered, and the rule by which another one joins them. It never changes:
 * what is published gives a new history. Every engine keeps its contracts by this rule, whatever it keeps them in.
 *
 * <p>A contract is refused where it would be the newest of its major version and breaks clients of the one that was, or
 * of one that a running instance still keeps. A new major version may break: it says so, and callers of the old one are
 * not sent there. So may anything below 1.0.0, as Semantic Versioning has it. Going back to an older version is never
 * refused, because that is how one gets out of trouble.
 */
public final class ContractHistory {
    /** The most contracts of one service that are remembered. */
    public static final int CONTRACTS_MAX = 16;

    /** The most characters that their texts may have together. */
    public static final int LENGTH_MAX = 1 << 20;

    /** The most reasons that a refusal tells. */
    private static final int REASONS_MAX = 8;

    /** Nothing has been published. */
    public static final ContractHistory EMPTY = new ContractHistory(List.of());

    private static final Comparator<Entry> BY_VERSION = Comparator.comparing(entry -> entry.contract.version());

    /** @param offers the names of its capabilities, which its fingerprint leaves out */
    private record Entry(ServiceContract contract, String fingerprint, Set<String> offers, int length) {
        static Entry of(ServiceContract contract) {
            Set<String> offers = contract.capabilities().stream()
                    .filter(ServiceCapability::enabled)
                    .map(ServiceCapability::name)
                    .collect(Collectors.toSet());
            return new Entry(
                    contract, contract.fingerprint(), offers, contract.text().length());
        }

        /** Whether clients get the same of both. */
        boolean same(Entry other) {
            return fingerprint.equals(other.fingerprint) && offers.equals(other.offers);
        }

        boolean like(Entry other) {
            return contract.version().equals(other.contract.version()) && same(other);
        }

        Version version() {
            return contract.version();
        }
    }

    /** In the order in which they were published last. */
    private final List<Entry> entries;

    private ContractHistory(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /** The history of contracts that were published in that order. */
    public static ContractHistory of(Collection<ServiceContract> contracts) {
        return new ContractHistory(contracts.stream().map(Entry::of).toList());
    }

    /** The contracts, the highest version first; of two of one version the one published later. */
    public List<ServiceContract> newestFirst() {
        return entries.reversed().stream()
                .sorted(BY_VERSION.reversed())
                .map(Entry::contract)
                .toList();
    }

    /** The contract of the highest version. */
    public Optional<ServiceContract> newest() {
        return newestFirst().stream().findFirst();
    }

    /** The contract of that fingerprint, if any; of several the one published last. */
    public Optional<ServiceContract> find(String fingerprint) {
        return entries.reversed().stream()
                .filter(entry -> entry.fingerprint.equals(fingerprint))
                .map(Entry::contract)
                .findFirst();
    }

    /** The versions that are remembered; a set of the caller's own. */
    public Set<Version> versions() {
        return entries.stream().map(Entry::version).collect(Collectors.toCollection(HashSet::new));
    }

    /** How many characters the texts have together. */
    public int length() {
        return entries.stream().mapToInt(Entry::length).sum();
    }

    /**
     * How a contract compares with those whose clients it has to serve, the newest first: nothing where it may be
     * published in any case.
     *
     * @param live the fingerprints of the contracts that running instances keep
     */
    public Map<ServiceContract, Compatibility> compare(ServiceContract contract, Set<String> live) {
        var compared = new LinkedHashMap<ServiceContract, Compatibility>();
        predecessors(Entry.of(contract), live)
                .forEach(before -> compared.put(before.contract, Compatibility.between(before.contract, contract)));
        return compared;
    }

    private List<Entry> predecessors(Entry fresh, Set<String> live) {
        int major = fresh.version().major();
        List<Entry> line = entries.reversed().stream() // of two of one version the one published later comes first
                .filter(entry -> entry.version().major() == major)
                .sorted(BY_VERSION.reversed())
                .toList();
        boolean newest = line.stream().allMatch(entry -> entry.version().compareTo(fresh.version()) <= 0);
        if (major == 0 || !newest || line.stream().anyMatch(fresh::like)) {
            return List.of();
        }
        var predecessors = new ArrayList<Entry>();
        for (Entry entry : line) {
            boolean counts = predecessors.isEmpty() || live.contains(entry.fingerprint);
            if (counts && !entry.same(fresh)) {
                predecessors.add(entry);
            }
        }
        return predecessors;
    }

    /**
     * The history with that contract as the one published last. What is over the limits is forgotten, the longest
     * unpublished first, and what running instances keep last of all.
     *
     * @param live the fingerprints of the contracts that running instances keep
     * @param force whether to take it although it breaks clients
     * @throws IncompatibleContractException where it breaks clients and is not forced
     */
    public ContractHistory publish(ServiceContract contract, Set<String> live, boolean force) {
        if (!force) {
            compare(contract, live).forEach((before, compatibility) -> {
                if (!compatibility.oldClientsWork()) {
                    throw new IncompatibleContractException(refusal(before, contract, compatibility));
                }
            });
        }
        Entry fresh = Entry.of(contract);
        var after = new ArrayList<>(entries);
        after.removeIf(fresh::like);
        after.add(fresh);
        trim(after, live);
        return new ContractHistory(after);
    }

    private static void trim(List<Entry> entries, Set<String> live) {
        while (entries.size() > 1
                && (entries.size() > CONTRACTS_MAX
                        || entries.stream().mapToInt(Entry::length).sum() > LENGTH_MAX)) {
            entries.remove(entries.subList(0, entries.size() - 1).stream()
                    .filter(entry -> !live.contains(entry.fingerprint))
                    .findFirst()
                    .orElse(entries.getFirst()));
        }
    }

    private static String refusal(ServiceContract before, ServiceContract contract, Compatibility compatibility) {
        var refusal = new StringBuilder("contract " + contract.name() + " " + contract.version() + " breaks clients of "
                + before.version() + ", and has the same major version:");
        List<Difference> breaking = compatibility.differences().stream()
                .filter(Difference::breaksOldClients)
                .toList();
        breaking.stream()
                .limit(REASONS_MAX)
                .forEach(difference -> refusal.append("\n  - ").append(difference));
        if (breaking.size() > REASONS_MAX) {
            refusal.append("\n  - and ").append(breaking.size() - REASONS_MAX).append(" more");
        }
        int major = before.version().major() + 1;
        return refusal + "\nChange the contract as it says there, or call it " + major
                + ".0.0; \"treaty contract publish" + " --force\" takes it as it is.";
    }
}
