package dev.treaty.registry;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.backend.BackendService;
import dev.treaty.registry.changes.Watchers;
import dev.treaty.registry.client.LeaseKeeper;
import dev.treaty.registry.client.RegistryConnection;
import dev.treaty.registry.client.WatchClient;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A registry in another process, spoken to in the {@link RegistryProtocol}. It keeps this process's instances
 * registered and its view of others current through outages and restarts of the registry: nothing here fails because
 * the registry cannot be reached, and no instance disappears for that reason. {@link #problem()} says what is wrong.
 */
public final class NetworkRegistry implements Registry {
    /** The most contracts of others that are remembered for when the registry cannot be reached. */
    private static final int CONTRACTS_MAX = 1_024;

    /** The most instances that a lookup asks for at a time. */
    private static final int PAGE_INSTANCES = 1_000;

    private static final System.Logger LOGGER = System.getLogger(NetworkRegistry.class.getName());

    private final RegistryConnection upstream;
    private final Runnable atEnd;
    private final LeaseKeeper keeper;
    private final WatchClient replica;
    private final Watchers watchers;
    private final Map<ServiceName, ServiceContract> contracts = new ConcurrentHashMap<>();
    private volatile Set<ServiceName> services = Set.of();
    private volatile boolean closed;

    /**
     * The client of one registry. Nothing is sent before something is asked of it.
     *
     * @param address how the registry is written in a configuration, for messages
     * @param registry the way to it: a connection, or a pipeline around one; whoever opened it closes it, after this
     * @param self who this process is
     * @param random makes tokens, so it has to be unpredictable to others, and jitter
     * @param events told when the registry cannot be reached, when it can again, and of every change of a service that
     *     is followed
     */
    public NetworkRegistry(
            String address,
            Handler registry,
            Principal self,
            RegistryPolicy policy,
            Time time,
            RandomGenerator random,
            Events events) {
        this(address, registry, self, policy, time, random, events, () -> {});
    }

    private NetworkRegistry(
            String address,
            Handler registry,
            Principal self,
            RegistryPolicy policy,
            Time time,
            RandomGenerator random,
            Events events,
            Runnable atEnd) {
        this.atEnd = atEnd;
        this.upstream = new RegistryConnection(address, registry, self, policy, time, random, events, this::changed);
        this.keeper = new LeaseKeeper(upstream);
        this.replica = new WatchClient(upstream, events);
        this.watchers = new Watchers(replica.catalog(), replica.audience(), time);
        keeper.start();
        replica.start();
    }

    /**
     * A registry that is kept in an engine rather than by a registry's process. Closing it closes the engine.
     *
     * @param address how the registry is written in a configuration, for messages
     */
    public static NetworkRegistry over(Backend engine, String address, RegistryProvider.RegistryContext surroundings) {
        Time time = surroundings.time();
        var service = new BackendService(engine, surroundings);
        Handler handler =
                Dispatcher.of(RegistryProtocol.class, RegistryConnection.PROTOCOL, service, NetworkRegistry::mistake);
        return new NetworkRegistry(
                address,
                handler,
                surroundings.self(),
                surroundings.policy(),
                time,
                surroundings.random(),
                surroundings.events(),
                service::close);
    }

    private static void mistake(Call call, Throwable cause) {
        LOGGER.log(System.Logger.Level.ERROR, "The engine of a registry made a mistake handling " + call.path(), cause);
    }

    private void changed() {
        keeper.check();
        replica.restart();
    }

    @Override
    public String address() {
        return upstream.address;
    }

    /**
     * {@inheritDoc}
     *
     * <p>It waits for the registry as long as the policy has patience, and goes on in the background after that. A
     * refusal that comes later is told as an event and by {@link #problem()}.
     *
     * @throws IllegalArgumentException where the id is taken or a part of the instance is over a limit
     * @throws IllegalStateException where this process keeps too many registrations, or this client is closed
     */
    @Override
    public Registration register(ServiceInstance instance) {
        return keeper.register(instance);
    }

    /**
     * {@inheritDoc}
     *
     * <p>It waits for the registry as long as the policy has patience, and goes on in the background after that. A
     * refusal that comes later is told as an event and by {@link #problem()}.
     *
     * @throws IllegalArgumentException where the contract's text is over the limit
     * @throws IllegalStateException where this process publishes too many contracts, or this client is closed
     */
    @Override
    public void publish(ServiceContract contract, boolean force) {
        keeper.publish(contract, force);
    }

    @Override
    public Set<ServiceName> services() {
        return ask(registry -> {
                    var names = new TreeSet<ServiceName>();
                    registry.services().forEach(name -> names.add(new ServiceName(name)));
                    services = Collections.unmodifiableSet(names);
                    return Optional.of(services);
                })
                .orElse(services);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A service asked for here is followed from then on, so that the next answer costs nothing and outlives the
     * registry.
     *
     * @throws IllegalStateException where this process follows too many services
     */
    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        replica.follow(service, true);
        return replica.catalog().roster(service);
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service) {
        var instances = new ArrayList<ServiceInstance>();
        try {
            List<ServiceInstance> page;
            do {
                String after = instances.isEmpty() ? "" : instances.getLast().id();
                page = upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> page(registry, service, after));
                instances.addAll(page);
            } while (!page.isEmpty()); // a page may be shorter than asked for
            upstream.answered(RegistryConnection.Asker.PROGRAM, "");
            return instances;
        } catch (ServiceException e) {
            if (!RegistryConnection.refusal(e.fault())) {
                upstream.failed(RegistryConnection.Asker.PROGRAM, e.fault());
            }
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceException(Code.CANCELED, "the lookup of " + service + " was interrupted");
        }
    }

    private List<ServiceInstance> page(RegistryProtocol registry, ServiceName service, String after)
            throws InterruptedException {
        Instant now = upstream.time.instant();
        return registry.instances(service.value(), after, PAGE_INSTANCES).stream()
                .map(instance -> instance.read(now))
                .toList();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the registry does not answer within the policy's patience, the current instances follow later.
     *
     * @throws IllegalStateException where there are too many watchers, or this client is closed
     */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        if (closed) {
            throw new IllegalStateException("the client of the registry " + upstream.address + " is closed");
        }
        replica.follow(service, false);
        try {
            return watchers.open(service, on, () -> replica.unfollow(service));
        } catch (IllegalStateException e) {
            replica.unfollow(service);
            throw e;
        }
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service) {
        Optional<ServiceContract> answer =
                ask(registry -> registry.contract(service.value()).map(ServiceContract::parse));
        answer.filter(_ -> contracts.size() < CONTRACTS_MAX || contracts.containsKey(service))
                .ifPresent(contract -> contracts.put(service, contract));
        return answer.or(() -> Optional.ofNullable(contracts.get(service))).or(() -> keeper.contract(service));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the registry cannot be reached, it is the one that this process knows, if any.
     */
    @Override
    public List<ServiceContract> contracts(ServiceName service) {
        return ask(registry -> Optional.of(parsed(registry.contracts(service.value(), ""))))
                .orElseGet(() -> Optional.ofNullable(contracts.get(service)).or(() -> keeper.contract(service)).stream()
                        .toList());
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return ask(registry -> parsed(registry.contracts(service.value(), fingerprint)).stream()
                        .findFirst())
                .or(() -> keeper.contract(service)
                        .filter(contract -> contract.fingerprint().equals(fingerprint)));
    }

    private static List<ServiceContract> parsed(List<String> texts) {
        var contracts = new ArrayList<ServiceContract>();
        for (String text : texts) {
            try {
                contracts.add(ServiceContract.parse(text));
            } catch (ContractException e) {
                // a registry of another version may have taken what this one cannot read; the others are of use
            }
        }
        return contracts;
    }

    private <T> Optional<T> ask(RegistryConnection.Question<Optional<T>> question) {
        try {
            Optional<T> answer = upstream.ask(RegistryConnection.REQUEST_NANOS, question);
            upstream.answered(RegistryConnection.Asker.PROGRAM, "");
            return answer;
        } catch (ServiceException e) {
            if (!RegistryConnection.refusal(e.fault())) {
                upstream.failed(RegistryConnection.Asker.PROGRAM, e.fault());
            }
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> problem() {
        return upstream.problem().or(keeper::problem).or(replica::problem);
    }

    @Override
    public Optional<String> problem(ServiceName service) {
        return upstream.problem().or(() -> replica.problem(service));
    }

    @Override
    public Optional<Instant> staleSince() {
        return upstream.unreachableSince();
    }

    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        long end = upstream.time.nanoTime() + patience.toNanos();
        long left = patience.toNanos();
        try {
            while (true) { // one question waits only so long, and draining may be repeated
                long wait = Math.min(left, LeaseKeeper.HEARD_NANOS);
                var heard = upstream.ask(
                        wait + RegistryConnection.REQUEST_NANOS,
                        registry -> registry.drain(
                                instance.id(), drained, Duration.ofNanos(wait).toMillis()));
                left = end - upstream.time.nanoTime();
                if (heard.missing() == 0 || left <= 0) {
                    return heard.missing() == 0;
                }
            }
        } catch (ServiceException e) {
            if (e.code() == Code.NOT_FOUND) {
                throw new IllegalArgumentException(e.fault().message(), e);
            }
            if (e.code() == Code.UNIMPLEMENTED) {
                throw new UnsupportedOperationException(e.fault().message(), e);
            }
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Takes what was registered through it out of the registry, as far as that answers, and ends all watches. */
    @Override
    public void close() {
        closed = true;
        watchers.close();
        keeper.close();
        replica.close();
        atEnd.run();
    }
}
