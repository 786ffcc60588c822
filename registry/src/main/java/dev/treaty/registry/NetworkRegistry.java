package dev.treaty.registry;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.backend.BackendService;
import dev.treaty.registry.changes.Watchers;
import dev.treaty.registry.client.LeaseKeeper;
import dev.treaty.registry.client.RegistryConnection;
import dev.treaty.registry.client.SettingsClient;
import dev.treaty.registry.client.WatchClient;
import dev.treaty.registry.server.Requests;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The client of a registry in another process, which speaks the {@link RegistryProtocol}. It keeps the instances of
 * this process registered, and its view of others current, through outages and restarts of the registry: no method
 * fails and no instance disappears because the registry is unreachable. {@link #problem()} returns what is wrong.
 */
public final class NetworkRegistry implements Registry {
    /** The most contracts that are remembered for times when the registry is unreachable. */
    private static final int CONTRACTS_MAX = 1_024;

    /** The most elements in one answer to a lookup. */
    private static final int PAGE_SIZE = 1_000;

    private static final System.Logger LOGGER = System.getLogger(NetworkRegistry.class.getName());

    private final RegistryConnection connection;
    private final Optional<BackendService> backend;
    private final boolean confidential;
    private final LeaseKeeper keeper;
    private final WatchClient watchClient;
    private final SettingsClient settings;
    private final Watchers watchers;
    private final Map<ServiceName, ServiceContract> contracts = new ConcurrentHashMap<>();
    private volatile Set<ServiceName> services = Set.of();

    /**
     * Creates a client. It sends nothing before it is used.
     *
     * @param address address of the registry as in a configuration, for messages
     * @param registry connection to the registry, or a pipeline around one; the caller closes it after this client
     * @param self identity of this process
     * @param runtime its random numbers are also used for lease tokens, so others must not be able to guess them; its
     *     events are when the registry becomes unreachable and reachable, and every change of a followed service
     */
    public NetworkRegistry(
            String address, Handler registry, Principal self, RegistryPolicy policy, RuntimeDependencies runtime) {
        this(address, registry, self, policy, runtime, Optional.empty());
    }

    private NetworkRegistry(
            String address,
            Handler registry,
            Principal self,
            RegistryPolicy policy,
            RuntimeDependencies runtime,
            Optional<BackendService> backend) {
        this.backend = backend;
        this.confidential = policy.confidential();
        this.connection = new RegistryConnection(address, registry, self, policy, runtime, this::reconnect);
        this.keeper = new LeaseKeeper(connection);
        this.watchClient = new WatchClient(connection);
        this.settings = new SettingsClient(connection);
        this.watchers = new Watchers(watchClient.changes(), watchClient.acks(), runtime.time(), connection.events);
        keeper.start();
        watchClient.start();
    }

    /**
     * Creates a registry that is kept by a backend. Closing it closes the backend.
     *
     * @param address address of the registry as in a configuration, for messages
     */
    public static NetworkRegistry over(Backend backend, String address, RegistryContext context) {
        var service = new BackendService(backend, address, context);
        Handler handler = Dispatcher.of(
                RegistryProtocol.class, RegistryConnection.PROTOCOL, service, NetworkRegistry::logInternalError);
        var runtime = new RuntimeDependencies(context.time(), context.random(), context.events());
        return new NetworkRegistry(address, handler, context.self(), context.policy(), runtime, Optional.of(service));
    }

    private static void logInternalError(Call call, Throwable cause) {
        LOGGER.log(
                System.Logger.Level.ERROR,
                "Internal error of a registry backend in " + call.path(),
                Secrets.mask(cause));
    }

    private void reconnect() {
        keeper.renewNow();
        watchClient.restart();
        settings.restart();
    }

    @Override
    public String address() {
        return connection.address;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Waits for the registry within the patience of the policy, and continues in the background after that. A
     * refusal that arrives later is emitted as an event and returned by {@link #problem()}.
     *
     * @throws IllegalArgumentException if the id is taken or a part of the instance is over a limit
     * @throws IllegalStateException if this process has too many registrations, this client is closed, or others could
     *     read the token of the lease on its way to the registry
     */
    @Override
    public Registration register(ServiceInstance instance) {
        if (!confidential) {
            throw new IllegalStateException("instances cannot be registered at " + connection.address
                    + ", because others could read the tokens of their leases on the way there: set"
                    + " security.enabled: true and certificates, or security.insecure: true to send them anyway");
        }
        return keeper.register(instance);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Waits for the registry within the patience of the policy, up to five seconds if it is slow and has not failed,
     * and continues in the background after that. A refusal that arrives later is emitted as an event and returned by
     * {@link #problem()}.
     *
     * @throws IllegalArgumentException if the contract's text is over the limit
     * @throws IllegalStateException if this process publishes too many contracts, or this client is closed
     */
    @Override
    public void publish(ServiceContract contract, boolean force) {
        keeper.publish(contract, force);
    }

    @Override
    public Set<ServiceName> services() {
        ask(registry -> Optional.of(registry.services())).ifPresent(names -> {
            var sorted = names.stream().map(ServiceName::new).collect(Collectors.toCollection(TreeSet::new));
            services = Collections.unmodifiableSet(sorted);
        });
        return services;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The service is followed from then on, so that the next call sends no request and survives an outage.
     *
     * @throws IllegalStateException if this process follows too many services
     */
    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        watchClient.follow(service, true);
        return watchClient.changes().instances(service);
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service, Set<ServiceHealth.Status> health) {
        var wanted = Optional.of(List.copyOf(health));
        Instant now = connection.time.instant();
        return allPages(
                        (registry, after) -> registry.instances(service.value(), after, PAGE_SIZE, wanted),
                        RegistryProtocol.Instance::id)
                .stream()
                .map(instance -> instance.read(now))
                .toList();
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) {
        var renewals = new LinkedHashMap<String, Optional<Instant>>();
        allPages(
                        (registry, after) -> registry.renewals(service.value(), after, PAGE_SIZE),
                        RegistryProtocol.Renewal::id)
                .forEach(renewal -> renewals.put(renewal.id(), renewal.at()));
        return renewals;
    }

    @FunctionalInterface
    private interface PageRequest<T> {
        List<T> send(RegistryProtocol registry, String after) throws InterruptedException;
    }

    /** Requests page after page until one is empty: a page may be shorter than requested. */
    private <T> List<T> allPages(PageRequest<T> request, Function<T, String> id) {
        var all = new ArrayList<T>();
        while (true) {
            String after = all.isEmpty() ? "" : id.apply(all.getLast());
            List<T> page = answer(registry -> request.send(registry, after));
            if (page.isEmpty()) {
                return all;
            }
            all.addAll(page);
        }
    }

    /** Returns the registry's answer to a single request. */
    private <T> T answer(RegistryConnection.Request<T> request) {
        try {
            return connection.callOnce(request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceException(Code.CANCELED, "the request to the registry was interrupted");
        }
    }

    @Override
    public void withdraw(ServiceName service, Version version) {
        keeper.withdraw(service, version);
        Requests.run(() -> answer(registry -> {
            registry.withdraw(service.value(), version.toString());
            return true;
        }));
    }

    /**
     * {@inheritDoc}
     *
     * <p>If the registry does not answer within the patience of the policy, the current instances follow later.
     *
     * @throws IllegalStateException if there are too many watchers, or this client is closed
     */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        keeper.checkOpen();
        watchClient.follow(service, false);
        try {
            return watchers.open(service, on, () -> watchClient.unfollow(service));
        } catch (IllegalStateException e) {
            watchClient.unfollow(service);
            throw e;
        }
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service) {
        Optional<ServiceContract> answer =
                ask(registry -> registry.contract(service.value()).map(ServiceContract::parse));
        answer.filter(_ -> contracts.size() < CONTRACTS_MAX || contracts.containsKey(service))
                .ifPresent(contract -> contracts.put(service, contract));
        return answer.or(() -> known(service));
    }

    private Optional<ServiceContract> known(ServiceName service) {
        return Optional.ofNullable(contracts.get(service)).or(() -> keeper.contract(service));
    }

    /**
     * {@inheritDoc}
     *
     * <p>If the registry is unreachable, returns the one that this process knows, if any.
     */
    @Override
    public List<ServiceContract> contracts(ServiceName service) {
        return ask(registry -> Optional.of(Requests.readableContracts(registry.contracts(service.value(), ""))))
                .orElseGet(() -> known(service).stream().toList());
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return ask(registry -> Requests.readableContracts(registry.contracts(service.value(), fingerprint)).stream()
                        .findFirst())
                .or(() -> keeper.contract(service)
                        .filter(contract -> contract.fingerprint().equals(fingerprint)));
    }

    private <T> Optional<T> ask(RegistryConnection.Request<Optional<T>> request) {
        try {
            return answer(request);
        } catch (ServiceException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> problem() {
        return connection
                .problem()
                .or(keeper::problem)
                .or(watchClient::problem)
                .or(settings::problem)
                .or(() -> backend.flatMap(BackendService::problem));
    }

    @Override
    public Optional<String> problem(ServiceName service) {
        return connection
                .problem()
                .or(() -> watchClient.problem(service))
                .or(() -> backend.flatMap(kept -> kept.problem(service)));
    }

    @Override
    public Optional<Instant> staleSince() {
        return connection.unreachableSince();
    }

    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        try {
            return connection.awaitAcknowledged(
                    patience, waitMillis -> registry -> registry.drain(instance.id(), drained, waitMillis));
        } catch (ServiceException e) {
            throw Requests.refusal(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** {@inheritDoc} A registry that is only read, such as a file, keeps none. */
    @Override
    public SettingsStore settings() {
        return backend.isEmpty() || backend.get().keepsSettings() ? settings : Registry.super.settings();
    }

    /** Deregisters what was registered through it, as far as the registry answers, and closes all watches. */
    @Override
    public void close() {
        watchers.close();
        settings.close();
        keeper.close();
        watchClient.close();
        backend.ifPresent(BackendService::close);
    }
}
