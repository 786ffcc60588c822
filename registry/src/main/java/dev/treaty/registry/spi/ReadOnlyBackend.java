package dev.treaty.registry.spi;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

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
    default Optional<Holding> hold(Holding holding, UnaryOperator<String> value) {
        throw readOnly();
    }

    @Override
    default long leaseMillis() {
        throw readOnly();
    }

    @Override
    default boolean change(Holding holding, UnaryOperator<String> value) {
        return false;
    }

    @Override
    default Optional<Holding> holding(String id) {
        throw new ServiceException(
                Code.UNIMPLEMENTED, "it can only be read; to change " + id + " or its health, " + instead());
    }

    @Override
    default Set<String> renew(Supplier<Collection<Holding>> holdings) {
        return Set.of();
    }

    @Override
    default Map<String, Optional<Instant>> renewals(ServiceName service) {
        return Map.of();
    }

    @Override
    default void release(Holding holding, String reason) {}

    @Override
    default void attend(ServiceName service, String watcher, String acknowledged) {}

    @Override
    default void leave(ServiceName service, String watcher) {}

    @Override
    default Map<String, String> watchers(ServiceName service) {
        return Map.of();
    }

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
