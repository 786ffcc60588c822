package dev.treaty.core.contract;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What a service promises: its name, version, capabilities and operations. Immutable data, read from a Java interface
 * with {@link #of(Class)} or from its text form with {@link #parse(String)}.
 */
public record ServiceContract(
        ServiceName name,
        Version version,
        String description,
        List<ServiceCapability> capabilities,
        List<Operation> operations) {

    /** @throws IllegalArgumentException where two operations or two capabilities have one name */
    public ServiceContract {
        capabilities = List.copyOf(capabilities);
        operations = List.copyOf(operations);
        refuseTwins("operations", operations.stream().map(Operation::name).toList());
        refuseTwins(
                "capabilities",
                capabilities.stream().map(ServiceCapability::name).toList());
    }

    private static void refuseTwins(String what, List<String> names) {
        var seen = new HashSet<String>();
        for (String name : names) {
            if (!seen.add(name)) {
                throw new IllegalArgumentException("two " + what + " are named \"" + name + "\"");
            }
        }
    }

    /**
     * Reads a Java interface that carries {@link Contract}.
     *
     * @throws ContractException where the interface cannot travel; the message names each method and the reason
     */
    public static ServiceContract of(Class<?> type) {
        return new ContractReader(type).read();
    }

    /**
     * Reads the text form that {@link #text()} writes.
     *
     * @throws ContractException where the text is malformed; the message names the line
     */
    public static ServiceContract parse(String text) {
        return new ContractParser(text).parse();
    }

    /** The whole contract as text: readable, diffable, and read back by {@link #parse(String)}. */
    public String text() {
        return new ContractWriter(true).write(this);
    }

    /**
     * Identifies what the contract promises: 32 hexadecimal digits of the SHA-256 of its text without descriptions,
     * capabilities and version. Two builds with the same fingerprint can always talk to each other.
     */
    public String fingerprint() {
        return ContractWriter.fingerprint(this);
    }

    /** The operation of that name, if any. */
    public Optional<Operation> operation(String operation) {
        return operations.stream().filter(o -> o.name().equals(operation)).findFirst();
    }

    /** The same contract for callers and handlers that use maps rather than Java types. */
    public ServiceContract dynamic() {
        return new ServiceContract(
                name,
                version,
                description,
                capabilities,
                operations.stream().map(Operation::dynamic).toList());
    }
}
