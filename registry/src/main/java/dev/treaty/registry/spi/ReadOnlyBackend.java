package dev.treaty.registry.spi;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A backend whose instances are written by other programs, such as a file or DNS. Registering fails with a hint. */
public interface ReadOnlyBackend extends Backend {
    /** Returns how to add an instance, for people: {@code edit the file}. */
    String instead();

    private ServiceException readOnly() {
        return new ServiceException(Code.INVALID_ARGUMENT, "it can only be read; to add an instance, " + instead());
    }

    /** Returns false: an instance that is missing was removed on purpose. */
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
        throw readOnly();
    }

    @Override
    default long leaseMillis() {
        throw readOnly();
    }

    @Override
    default boolean replace(Holding holding) {
        return false;
    }

    @Override
    default Set<String> renew(Collection<Holding> holdings) {
        return holdings.stream().map(Holding::id).collect(Collectors.toSet());
    }

    @Override
    default void release(Holding holding, String reason) {}

    @Override
    default void store(ServiceName service, Version version, String contract) {
        throw readOnly();
    }

    @Override
    default void forget(ServiceName service, Version version) {}

    @Override
    default List<String> contracts(ServiceName service) {
        return List.of();
    }
}
