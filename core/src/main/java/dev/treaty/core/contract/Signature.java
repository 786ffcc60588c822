package dev.treaty.core.contract;

import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The Java types of an operation in this process, which codecs need. They are not part of the contract: two contracts
 * that differ only in signatures are equal.
 *
 * @param parameters the {@linkplain JavaTypes resolved} types of the arguments, in order
 * @param result the resolved type of the result; {@code void.class} for none
 * @param partitionKey the path of the part with {@link PartitionKey}, such as {@code order.customer}, if any
 */
public record Signature(List<Type> parameters, Type result, Optional<String> partitionKey) {
    /**
     * The signature of an operation without Java types: the argument is the whole request as a
     * {@code Map<String, Object>}, and the result is the whole response as such a map.
     */
    public static final Signature DYNAMIC = new Signature(List.of(Map.class), Map.class, Optional.empty());

    /** Copies the list. */
    public Signature {
        parameters = List.copyOf(parameters);
    }

    /** Returns true if messages are maps rather than Java types. */
    @SuppressWarnings("ReferenceEquality") // a method of an interface may have equal parameters and result
    public boolean dynamic() {
        return this == DYNAMIC;
    }
}
