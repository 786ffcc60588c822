package dev.treaty.registry.spi;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceCapability;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The remembered contracts of one service, and the rule that decides which contracts may join them. Immutable:
 * publishing returns a new history. Every registry and backend uses this rule.
 *
 * <p>A contract is refused if it would be the newest of its major version and breaks clients of the newest one so far,
 * or of one that a running instance still uses. A new major version may break clients, since callers of the old one are
 * not sent there, and so may any version below 1.0.0, as in Semantic Versioning. Returning to an older version is never
 * refused: a rollback must always be possible.
 */
public final class ContractHistory {
    /** The most remembered contracts of one service. */
    public static final int CONTRACTS_MAX = 16;

    /** The most characters of their texts together. */
    public static final int LENGTH_MAX = 1 << 20;

    /** The most differences that a refusal lists. */
    private static final int REASONS_MAX = 8;

    /** The history of a service without contracts. */
    public static final ContractHistory EMPTY = new ContractHistory(List.of());

    private static final Comparator<Entry> BY_VERSION = Comparator.comparing(Entry::version);

    /**
     * A contract as its text, which takes a seventh of the memory of the contract itself.
     *
     * @param capabilities names of the enabled capabilities, which are not part of the fingerprint
     */
    private record Entry(Version version, String text, int bytes, String fingerprint, Set<String> capabilities) {
        static Entry of(ServiceContract contract) {
            Set<String> capabilities = contract.capabilities().stream()
                    .filter(ServiceCapability::enabled)
                    .map(ServiceCapability::name)
                    .collect(Collectors.toSet());
            String text = contract.text();
            return new Entry(
                    contract.version(), text, text.getBytes(UTF_8).length, contract.fingerprint(), capabilities);
        }

        ServiceContract contract() {
            return ServiceContract.parse(text);
        }

        boolean offersTheSame(Entry other) {
            return fingerprint.equals(other.fingerprint) && capabilities.equals(other.capabilities);
        }

        boolean isRepeatedBy(Entry other) {
            return version.equals(other.version) && offersTheSame(other);
        }
    }

    /** In the order in which they were last published. */
    private final List<Entry> entries;

    private ContractHistory(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /** Returns the history of contracts that were published in that order. */
    public static ContractHistory of(Collection<ServiceContract> contracts) {
        return new ContractHistory(contracts.stream().map(Entry::of).toList());
    }

    /** Returns the entries with the highest version first; of the same version, the one published last comes first. */
    private Stream<Entry> descending() {
        return entries.reversed().stream().sorted(BY_VERSION.reversed());
    }

    /**
     * Returns the contracts with the highest version first; of the same version, the one published last comes first.
     */
    public List<ServiceContract> newestFirst() {
        return descending().map(Entry::contract).toList();
    }

    /** Returns the contract with the highest version. */
    public Optional<ServiceContract> newest() {
        return descending().findFirst().map(Entry::contract);
    }

    /**
     * Returns the text of the contract with a fingerprint, of several the one published last; or of all contracts, the
     * highest version first, if the fingerprint is empty.
     */
    public List<String> texts(String fingerprint) {
        return fingerprint.isEmpty()
                ? descending().map(Entry::text).toList()
                : entries.reversed().stream()
                        .filter(entry -> entry.fingerprint.equals(fingerprint))
                        .map(Entry::text)
                        .limit(1)
                        .toList();
    }

    /** Returns the remembered versions. */
    public Set<Version> versions() {
        return entries.stream().map(Entry::version).collect(Collectors.toSet());
    }

    /** Returns the number of bytes of all texts together. */
    public long bytes() {
        return entries.stream().mapToLong(Entry::bytes).sum();
    }

    private static int length(List<Entry> entries) {
        return entries.stream().mapToInt(entry -> entry.text.length()).sum();
    }

    /**
     * Compares a contract with those whose clients it has to serve, the newest first. The result is empty if it may be
     * published in any case.
     *
     * @param live fingerprints of the contracts of running instances
     */
    public Map<ServiceContract, Compatibility> compare(ServiceContract contract, Set<String> live) {
        var compared = new LinkedHashMap<ServiceContract, Compatibility>();
        predecessors(Entry.of(contract), live).stream()
                .map(Entry::contract)
                .forEach(before -> compared.put(before, Compatibility.between(before, contract)));
        return compared;
    }

    private List<Entry> predecessors(Entry fresh, Set<String> live) {
        int major = fresh.version().major();
        List<Entry> sameMajor =
                descending().filter(entry -> entry.version().major() == major).toList();
        boolean newest = sameMajor.stream().allMatch(entry -> entry.version().compareTo(fresh.version()) <= 0);
        if (major == 0 || !newest || sameMajor.stream().anyMatch(fresh::isRepeatedBy)) {
            return List.of();
        }
        var predecessors = new ArrayList<Entry>();
        for (Entry entry : sameMajor) {
            boolean counts = predecessors.isEmpty() || live.contains(entry.fingerprint);
            if (counts && !entry.offersTheSame(fresh)) {
                predecessors.add(entry);
            }
        }
        return predecessors;
    }

    /**
     * Returns the history with another contract as the one published last. Contracts over the limits are forgotten,
     * those published longest ago first, and those of running instances last.
     *
     * @param live fingerprints of the contracts of running instances
     * @param force whether to accept a contract that breaks clients
     * @throws IncompatibleContractException if it breaks clients and is not forced
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
        after.removeIf(fresh::isRepeatedBy);
        after.add(fresh);
        while (after.size() > 1 && (after.size() > CONTRACTS_MAX || length(after) > LENGTH_MAX)) {
            after.remove(after.subList(0, after.size() - 1).stream()
                    .filter(entry -> !live.contains(entry.fingerprint))
                    .findFirst()
                    .orElse(after.getFirst()));
        }
        return new ContractHistory(after);
    }

    /**
     * Returns the history without the contracts of a version.
     *
     * @param running versions of the registered instances
     * @throws ServiceException not_found if there is no such contract, failed_precondition if instances run it
     */
    public ContractHistory withdraw(ServiceName service, Version version, Collection<Version> running) {
        if (!versions().contains(version)) {
            throw new ServiceException(
                    Code.NOT_FOUND,
                    "no contract " + service + " " + version + " is published; published versions: "
                            + (versions().isEmpty() ? "none" : versions()));
        }
        long instances = running.stream().filter(version::equals).count();
        if (instances > 0) {
            throw new ServiceException(
                    Code.FAILED_PRECONDITION,
                    "contract " + service + " " + version + " is in use by " + instances
                            + " registered instances: stop them first");
        }
        return new ContractHistory(entries.stream()
                .filter(entry -> !entry.version().equals(version))
                .toList());
    }

    private static String refusal(ServiceContract before, ServiceContract contract, Compatibility compatibility) {
        List<Difference> breaking = compatibility.differences().stream()
                .filter(Difference::breaksOldClients)
                .toList();
        String reasons = breaking.stream()
                .limit(REASONS_MAX)
                .map(difference -> "\n  - " + difference)
                .collect(Collectors.joining());
        String more = breaking.size() > REASONS_MAX ? "\n  - and " + (breaking.size() - REASONS_MAX) + " more" : "";
        return "contract " + contract.name() + " " + contract.version() + " breaks clients of " + before.version()
                + " and has the same major version:" + reasons + more
                + "\nChange the contract as described, or give it the version "
                + (before.version().major() + 1)
                + ".0.0; \"treaty contract publish --force\" publishes it as it is.";
    }
}
