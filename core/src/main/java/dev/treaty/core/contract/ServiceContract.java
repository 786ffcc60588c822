package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a service promises: its name, version, capabilities and operations. Immutable data, which {@link #of(Class)}
 * reads from a Java interface and {@link #parse(String)} from its text form.
 */
public record ServiceContract(
        ServiceName name,
        Version version,
        String description,
        List<ServiceCapability> capabilities,
        List<Operation> operations) {

    /** @throws IllegalArgumentException if two operations or two capabilities have the same name */
    public ServiceContract {
        capabilities = List.copyOf(capabilities);
        operations = List.copyOf(operations);
        rejectDuplicates("operations", operations, Operation::name);
        rejectDuplicates("capabilities", capabilities, ServiceCapability::name);
    }

    /** @throws IllegalArgumentException if two elements have the same name */
    static <T> void rejectDuplicates(String what, List<T> elements, Function<T, String> name) {
        var seen = new HashSet<String>();
        elements.stream().map(name).filter(n -> !seen.add(n)).findFirst().ifPresent(twice -> {
            throw new IllegalArgumentException("two " + what + " are named " + PrintableText.quote(twice));
        });
    }

    /**
     * Reads a Java interface that is annotated with {@link Contract}.
     *
     * @throws ContractException if it is not a valid contract; the message lists each method and the reason
     */
    public static ServiceContract of(Class<?> type) {
        return new ContractReader(type).read();
    }

    /**
     * Parses the text form that {@link #text()} returns.
     *
     * @throws ContractException if the text is malformed; the message names the line
     */
    public static ServiceContract parse(String text) {
        return new ContractParser(text).parse();
    }

    /** The text form of the contract, for people, for diffs and for {@link #parse(String)}. */
    public String text() {
        return new ContractWriter(true).write(this);
    }

    /**
     * Identifies the messages of the contract: 32 hexadecimal digits of the SHA-256 of its text without descriptions,
     * capabilities and version. Clients and servers with the same fingerprint are always compatible.
     */
    public String fingerprint() {
        return ContractWriter.fingerprint(this);
    }

    /** Returns the operation with this name, if any. */
    public Optional<Operation> operation(String operation) {
        return operations.stream().filter(o -> o.name().equals(operation)).findFirst();
    }

    /** Two contracts are equal if their texts are; Java types do not count. */
    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof ServiceContract that && text().equals(that.text()));
    }

    @Override
    public int hashCode() {
        return text().hashCode();
    }

    @Override
    public String toString() {
        return name + " " + version;
    }

    /** The same contract for clients and handlers that use maps rather than Java types. */
    public ServiceContract dynamic() {
        return parse(text()); // text has no Java types
    }
}
