package dev.treaty.registry.backend;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.Digest;
import dev.treaty.registry.server.Problems;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Reads what a store has. What is damaged, or was written by another program or by a version that has other forms, is
 * left out and reported: each value once, until it can be read or is gone.
 */
final class StoreReader {
    /** The most characters of a message. */
    private static final int MESSAGE_LENGTH_MAX = 400;

    private static final String OVER = "what could not be read can be read again or is gone";

    private final RegistryContext context;
    private final Problems problems;

    /** @param address address of the registry as in a configuration */
    StoreReader(String address, RegistryContext context) {
        this.context = context;
        this.problems = new Problems(address);
    }

    /** Returns what is wrong with the first part that begins so. */
    Optional<String> problem(String prefix) {
        return problems.first(prefix);
    }

    private <T> Stream<T> read(String part, String what, Supplier<T> reader) {
        try {
            T value = reader.get();
            problems.end(part, OVER, context.events());
            return Stream.of(value);
        } catch (IllegalArgumentException e) {
            String message = Secrets.mask(what + " cannot be read and is left out: " + e.getMessage());
            problems.begin(part, PrintableText.line(message, MESSAGE_LENGTH_MAX), context.events());
            return Stream.empty();
        }
    }

    /** Records that a service has no values but those with these ids. */
    void listed(ServiceName service, Set<String> ids) {
        retain(service + "/", ids);
    }

    private void retain(String kind, Set<String> names) {
        problems.end(
                part -> part.startsWith(kind) && !names.contains(part.substring(kind.length())),
                OVER,
                context.events());
    }

    /** Records that an instance has no value any more. */
    void removed(ServiceName service, String id) {
        problems.end(service + "/" + id, OVER, context.events());
    }

    /** Returns the instance that a value is, or nothing. */
    Stream<ServiceInstance> instance(ServiceName service, String id, StoredInstance stored) {
        return read(service + "/" + id, "the value of instance " + id + " of " + service, () -> {
            ServiceInstance instance =
                    stored.read(context.format(), context.time().instant());
            if (!instance.id().equals(id) || !instance.service().equals(service)) {
                throw new IllegalArgumentException(
                        "it is that of instance " + instance.id() + " of " + instance.service());
            }
            return instance;
        });
    }

    /** Returns those of a service's values that are instances. */
    Stream<RegistryProtocol.Instance> instances(ServiceName service, Map<String, String> values) {
        listed(service, values.keySet());
        return values.entrySet().stream()
                .flatMap(each -> instance(service, each.getKey(), StoredInstance.of(each.getValue())))
                .map(RegistryProtocol.Instance::of);
    }

    /** Returns those of a service's texts that are contracts. */
    List<ServiceContract> contracts(ServiceName service, List<String> texts) {
        String kind = service + " contract ";
        var digests = new TreeMap<String, String>();
        texts.forEach(text -> digests.put(text, Digest.of(text)));
        retain(kind, Set.copyOf(digests.values()));
        return texts.stream()
                .flatMap(text ->
                        read(kind + digests.get(text), "a contract of " + service, () -> ServiceContract.parse(text)))
                .toList();
    }

    /** Returns what the watchers of a service acknowledge, without what other programs have written beside them. */
    Stream<Set<String>> watchers(ServiceName service, Map<String, String> values) {
        String kind = service + " watcher ";
        retain(kind, values.keySet());
        return values.entrySet().stream().flatMap(each -> {
            String watcher = each.getKey();
            return read(kind + watcher, "the watcher " + watcher + " of " + service, () -> Attendance.read(each));
        });
    }

    /** Returns those of the names that are of services. */
    Stream<ServiceName> services(Set<String> names) {
        retain("name ", names);
        return names.stream().flatMap(name -> read("name " + name, "the entry " + name, () -> new ServiceName(name)));
    }
}
