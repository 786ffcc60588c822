package dev.treaty.registry.spi;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An engine that only tells what others wrote: a file, names in DNS. Whoever registers there is told where to. */
public interface ReadOnlyBackend extends Backend {
    /** Where instances are written instead, for people: {@code edit the file}. */
    String instead();

    private ServiceException refusal() {
        return new ServiceException(Code.INVALID_ARGUMENT, "it can only be read; to add an instance, " + instead());
    }

    /** What is not written there any more was taken out by somebody. */
    @Override
    default boolean expires() {
        return false;
    }

    @Override
    default String epoch(String candidate) {
        return "read-only";
    }

    @Override
    default Optional<Holder> hold(Holding holding) {
        throw refusal();
    }

    @Override
    default long leaseMillis() {
        throw refusal();
    }

    @Override
    default boolean replace(Holding holding) {
        return false;
    }

    @Override
    default Set<String> renew(Collection<Holding> holdings) {
        var all = new HashSet<String>();
        holdings.forEach(holding -> all.add(holding.id()));
        return all;
    }

    @Override
    default void release(Holding holding, String reason) {
        // nothing is held
    }

    @Override
    default void store(ServiceName service, Version version, String contract) {
        throw refusal();
    }

    @Override
    default void forget(ServiceName service, Version version) {
        // nothing is stored
    }

    @Override
    default List<String> contracts(ServiceName service) {
        return List.of();
    }
}
