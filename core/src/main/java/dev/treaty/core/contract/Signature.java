package dev.treaty.core.contract;

import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The Java side of an operation: what its arguments and its result are in this process. The codec reads it; it is no
 * part of what the service promises, and two contracts that differ only here are the same contract.
 *
 * @param parameters the Java types of the arguments, in order
 * @param result the Java type of the result; {@code void.class} for none
 * @param partitionKey the path of the part that has {@link PartitionKey}, such as {@code order.customer}, if any
 */
public record Signature(List<Type> parameters, Type result, Optional<String> partitionKey) {
    /**
     * The signature of an operation known only as data: one argument, the whole request message as a
     * {@code Map<String, Object>}; the result is the whole response message as the same kind of map.
     */
    public static final Signature DYNAMIC = new Signature(List.of(Map.class), Map.class);

    /** A signature without a partition key. */
    public Signature(List<Type> parameters, Type result) {
        this(parameters, result, Optional.empty());
    }

    /** Copies the list. */
    public Signature {
        parameters = List.copyOf(parameters);
    }

    /** True where messages are maps rather than Java types. */
    @SuppressWarnings("ReferenceEquality") // an interface may have that very signature and mean it
    public boolean dynamic() {
        return this == DYNAMIC;
    }
}
