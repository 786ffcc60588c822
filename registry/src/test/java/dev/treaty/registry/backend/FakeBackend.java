package dev.treaty.registry.backend;

import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.InstanceFormat;
import dev.treaty.registry.spi.RegistryProvider;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A backend that accepts everything, and notifies followers of what a test chooses. */
public final class FakeBackend implements Backend, InstanceFormat {
    /** Called when a service is followed. */
    public volatile BiConsumer<ServiceName, Follower> onFollow = (_, _) -> {};

    /** Called when a service is followed no longer. */
    volatile Consumer<ServiceName> onClose = _ -> {};

    public volatile Runnable onRenew = () -> {};

    volatile String epoch = "one";

    /** Called when a process is about to record what it acknowledges; whatever it throws happens to the request. */
    volatile Runnable beforeAttend = () -> {};

    /** Receives what a process records that it acknowledges. */
    volatile Consumer<String> onAttend = _ -> {};

    /** Receives every stored contract. */
    public volatile Consumer<String> onStore = _ -> {};

    /** The number of open followings. */
    final AtomicInteger open = new AtomicInteger();

    private final Map<String, RegistryProtocol.Instance> written = new ConcurrentHashMap<>();

    public RegistryProvider.RegistryContext context(Time time, Events events) {
        return new RegistryProvider.RegistryContext(
                Principal.claimed("test"), RegistryPolicy.STANDARD, time, new Random(1), events, this);
    }

    String written(ServiceInstance instance) {
        return write(RegistryProtocol.Instance.of(instance));
    }

    @Override
    public String write(RegistryProtocol.Instance instance) {
        String text = "{" + instance + "}";
        written.put(text, instance);
        return text;
    }

    @Override
    public RegistryProtocol.Instance read(String text) {
        return Optional.ofNullable(written.get(text)).orElseThrow(() -> new IllegalArgumentException(text));
    }

    @Override
    public boolean expires() {
        return true;
    }

    @Override
    public String epoch(String candidate) {
        return epoch;
    }

    @Override
    public Optional<Holding> hold(Holding holding, UnaryOperator<String> value) {
        return Optional.empty();
    }

    @Override
    public long leaseMillis() {
        return RegistryPolicy.STANDARD.lease().toMillis();
    }

    @Override
    public boolean change(Holding holding, UnaryOperator<String> value) {
        return true;
    }

    @Override
    public Optional<Holding> holding(String id) {
        return Optional.empty();
    }

    @Override
    public Set<String> renew(Supplier<Collection<Holding>> holdings) {
        onRenew.run();
        return Set.of();
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) {
        return Map.of();
    }

    @Override
    public void release(Holding holding, String reason) {}

    @Override
    public void attend(ServiceName service, String watcher, Supplier<Optional<String>> acknowledged) {
        beforeAttend.run();
        acknowledged.get().ifPresent(onAttend);
    }

    @Override
    public void store(ServiceName service, Version version, String contract) {
        onStore.accept(contract);
    }

    @Override
    public void forget(ServiceName service, Version version) {}

    @Override
    public List<String> contracts(ServiceName service) {
        return List.of();
    }

    @Override
    public Set<String> services() {
        return Set.of();
    }

    @Override
    public Map<String, String> instances(ServiceName service) {
        return Map.of();
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        open.incrementAndGet();
        onFollow.accept(service, follower);
        return () -> {
            open.decrementAndGet();
            onClose.accept(service);
        };
    }

    @Override
    public void close() {}
}
