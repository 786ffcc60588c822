package dev.treaty;

import dev.treaty.admin.AdminEndpoints;
import dev.treaty.admin.ControlSecret;
import dev.treaty.admin.ProcessStatus;
import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.client.Callers;
import dev.treaty.client.Fallbacks;
import dev.treaty.config.BalanceSettings;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.security.ProcessSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.observe.EventLog;
import dev.treaty.observe.MetricsRecorder;
import dev.treaty.observe.PrometheusExporter;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guards;
import dev.treaty.security.TokenProtocol;
import dev.treaty.security.TokenService;
import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The entry point of Treaty: serves contracts, calls services, and owns everything that both share. A process opens one
 * and closes it at the end; closing drains the served services, so that no client loses a call. If a process exits
 * without closing it, for example after {@code SIGTERM}, a shutdown hook closes it, unless {@code server.drain-on-exit}
 * is false.
 *
 * <p>All methods are thread-safe.
 */
public final class Treaty implements AutoCloseable {
    private final Configuration configuration;
    private final Security security;
    private final Time time;
    private final RandomGenerator secrets;
    private final EventStream events;
    private final MetricsRecorder metrics;
    private final PrometheusExporter prometheus;
    private final Switch counting;
    private final Transport transport;
    private final Registries registries;
    private final Registry registry;
    private final Guards guards = new Guards();
    private final Callers callers;
    private final ServiceHost host;
    private final ServiceClient client;

    private Treaty(SettingsReload reload, Filters filters, Platform platform, EventStream events) {
        this.time = platform.time();
        this.secrets = platform.secrets();
        this.events = events;
        this.configuration = new Configuration(reload, time, events);
        var runtime = new RuntimeDependencies(time, platform.random(), events);
        this.metrics = new MetricsRecorder(time);
        this.prometheus = new PrometheusExporter(metrics);
        this.counting = new Switch(() -> events.subscribe(metrics));
        events.subscribe(new EventLog(time));
        Settings local = reload.generation().settings();
        var self = Principal.claimed(local.name());
        this.security = Security.of(local, new RuntimeDependencies(time, platform.random(), events));
        ProcessSecurity used = security.process();
        this.transport = platform.transport().apply(local.client(), used);
        this.registries = new Registries(local, self, transport, used, platform.secrets(), runtime);
        this.registry = registries.open(local.registry());
        security.authenticate(registries.tokens());
        reload.central(registry.settings());
        Settings settings = reload.generation().settings();
        counting.set(settings.metrics().enabled());
        this.callers = new Callers(
                reload.generation().number(),
                settings,
                registry,
                transport,
                self,
                guards,
                filters.at(Filters.Place.CLIENT_CALL, events),
                filters.at(Filters.Place.CLIENT_ATTEMPT, events),
                runtime);
        this.client = new ServiceClient(callers, registry, time);
        var served = new ConcurrentSkipListMap<ServiceName, ServedService>();
        var status = new ProcessStatus(
                () -> metrics.report(settings.name()),
                registry,
                served.values(),
                callers,
                configuration::status,
                configuration::status);
        var admin = new AdminEndpoints(status, guards, prometheus, time, this::handlerFailed);
        this.host = new ServiceHost(
                settings,
                filters,
                platform,
                security,
                registry,
                served,
                admin,
                runtime,
                this::settingsProblem,
                this::close);
        reload.start(this::check, this::apply, this::reportSettings);
    }

    private Optional<String> settingsProblem() {
        return configuration
                .refused()
                .map(why -> "changed settings were refused: " + why)
                .or(security::problem);
    }

    /** @throws IllegalArgumentException if settings are not valid for what this process calls and binds */
    private void check(Settings.Effective read) {
        callers.check(read.settings());
        configuration.check(read);
    }

    private void apply(Generation next) {
        counting.set(next.settings().metrics().enabled());
        security.apply(next.settings().security());
        callers.apply(next.number(), next.settings());
        host.apply(next.settings());
    }

    private void reportSettings() {
        host.reportAgain();
        configuration.wake();
    }

    /** Whether a subscription exists. */
    private static final class Switch {
        private final Supplier<Subscription> subscribe;
        private @Nullable Subscription subscription; // guarded by this

        Switch(Supplier<Subscription> subscribe) {
            this.subscribe = subscribe;
        }

        synchronized void set(boolean on) {
            if (on && subscription == null) {
                subscription = subscribe.get();
            } else if (!on && subscription != null) {
                subscription.close();
                subscription = null;
            }
        }
    }

    private void handlerFailed(Call call, Throwable cause) {
        events.emit(new Event.HandlerFailed(call, cause));
    }

    /** Opens Treaty with the defaults and the {@code TREATY_…} environment variables: an embedded registry. */
    public static Treaty open() {
        return open(ConfigurationSources.of(System.getenv()));
    }

    /**
     * Opens Treaty with the settings of a file and the environment. Changes of the file, and of central settings, come
     * into force while it runs; see {@link #configuration}.
     *
     * @throws dev.treaty.config.ConfigurationException if either is invalid; the message lists every problem
     */
    public static Treaty open(Path file) {
        return open(ConfigurationSources.of(file, System.getenv()));
    }

    /**
     * Opens Treaty with the settings of these sources. Changes of their files, and of central settings, come into force
     * while it runs; see {@link #configuration}.
     *
     * @throws dev.treaty.config.ConfigurationException if they are invalid; the message lists every problem
     */
    public static Treaty open(ConfigurationSources sources) {
        return open(sources, Filters.NONE, Platform.system());
    }

    /** Opens Treaty with the settings of these sources, with filters, on another platform. */
    public static Treaty open(ConfigurationSources sources, Filters filters, Platform platform) {
        var events = new EventStream();
        return open(SettingsReload.of(sources, platform.time(), events), filters, platform, events);
    }

    /** Opens Treaty with these settings, which stay as they are: neither files nor central settings change them. */
    public static Treaty open(Settings settings) {
        return open(settings, Platform.system());
    }

    /** Opens Treaty with these settings on another platform: for tests and simulations. */
    public static Treaty open(Settings settings, Platform platform) {
        return open(settings, Filters.NONE, platform);
    }

    /** Opens Treaty with these settings, and with filters around the calls of this process and those that it serves. */
    public static Treaty open(Settings settings, Filters filters) {
        return open(settings, filters, Platform.system());
    }

    /** Opens Treaty with these settings and filters on another platform. */
    public static Treaty open(Settings settings, Filters filters, Platform platform) {
        var events = new EventStream();
        return open(SettingsReload.fixed(settings, platform.time(), events), filters, platform, events);
    }

    private static Treaty open(SettingsReload reload, Filters filters, Platform platform, EventStream events) {
        try {
            return new Treaty(reload, filters, platform, events);
        } catch (Throwable e) {
            reload.close();
            throw e;
        }
    }

    // --------------------------------------------------------------------------------------------------------- Serving

    /**
     * Serves a contract: checks it, starts to listen, publishes the contract and registers an instance. If the registry
     * is not reachable, the service starts and registers as soon as possible.
     *
     * @param contract an interface with {@link dev.treaty.core.contract.Contract}
     * @param implementation handles each call on a new virtual thread; if it is also a {@link
     *     dev.treaty.core.health.HealthSource}, it is health-checked
     * @throws dev.treaty.core.contract.ContractException if the contract is not valid
     * @throws dev.treaty.core.contract.IncompatibleContractException if the registry rejects the contract because it
     *     breaks clients of another version with the same major number; nothing is served then
     * @throws IllegalStateException if this is closed, or a service of that name is being served
     */
    public <T> ServedService serve(Class<T> contract, T implementation) {
        return serve(contract, ServiceContract.of(contract), implementation);
    }

    /**
     * Serves a contract that differs from the one of the interface in its version or its description.
     *
     * @see #serve(Class, Object)
     */
    public <T> ServedService serve(Class<T> type, ServiceContract contract, T implementation) {
        return serve(type, contract, implementation, true);
    }

    private <T> ServedService serve(Class<T> type, ServiceContract contract, T implementation, boolean limited) {
        ServedService service = host.serve(type, contract, implementation, limited);
        callers.serves(service.instance());
        return service;
    }

    /**
     * Serves the embedded registry to other processes, which use it as {@code treaty://host:port}. If {@code
     * registry-server.data} is set, it restores its state from there. If security is on, it also serves {@code
     * treaty.Tokens}, which issues tokens and API keys.
     *
     * @throws IllegalStateException if this process uses another registry
     * @throws java.io.UncheckedIOException if the directory of its state cannot be used
     */
    public ServedService serveRegistry() {
        if (!(registry instanceof EmbeddedRegistry)) {
            throw new IllegalStateException(
                    "this process uses the registry at " + registry.address() + ": only an embedded one can be served");
        }
        boolean issuing = security.on() && settings().security().tokens().treaty();
        if (issuing) {
            security.authenticate(Optional.of(registries.tokenService()));
        }
        // Without limits: each client has a watch, which is a waiting call, and the registry has limits of its own.
        ServedService service =
                serve(RegistryProtocol.class, ServiceContract.of(RegistryProtocol.class), registries.service(), false);
        if (issuing) {
            TokenService tokens = registries.tokenService();
            serve(TokenProtocol.class, ServiceContract.of(TokenProtocol.class), tokens, false);
            host.page("/-/jwks", "application/jwk-set+json", () -> tokens.jwks().getBytes(StandardCharsets.UTF_8));
        }
        return service;
    }

    // --------------------------------------------------------------------------------------------------------- Calling

    /**
     * Creates a typed client: calling a method calls the service, at instances whose contract has the same major
     * version and is compatible.
     *
     * @throws dev.treaty.core.contract.ContractException if the contract is not valid
     * @throws IllegalArgumentException if a configured fixed response is not a response of any operation
     */
    public <T> T client(Class<T> contract) {
        var read = ServiceContract.of(contract);
        return client(contract, read, Requirement.of(read), null);
    }

    /**
     * Creates a typed client with requirements on instances: {@code
     * Requirement.of(contract).withCapability("search")}.
     *
     * @see #client(Class)
     */
    public <T> T client(Class<T> contract, Requirement requirement) {
        return client(contract, ServiceContract.of(contract), requirement, null);
    }

    /**
     * Creates a typed client with a fallback, which responds if the service fails. It can throw {@link
     * dev.treaty.core.call.ServiceException} with {@code UNIMPLEMENTED} for operations without a fallback.
     */
    public <T> T client(Class<T> contract, T fallback) {
        var read = ServiceContract.of(contract);
        return client(
                contract,
                read,
                Requirement.of(read),
                Fallbacks.implementation(contract, read, fallback, this::handlerFailed));
    }

    /**
     * Creates a typed client that degrades: if the service fails, an implementation responds that depends on the fault.
     * The origin of the response is {@link Origin#DEGRADED}.
     *
     * <pre>{@code
     * Recommendations recommendations = treaty.degradingClient(Recommendations.class, fault -> user -> List.of());
     * }</pre>
     *
     * @param degraded returns the implementation for a fault; it can throw {@code UNIMPLEMENTED} like any fallback
     * @see #client(Class, Object)
     */
    public <T> T degradingClient(Class<T> contract, Function<? super Fault, ? extends T> degraded) {
        var read = ServiceContract.of(contract);
        return client(
                contract,
                read,
                Requirement.of(read),
                Fallbacks.degraded(contract, read, degraded, this::handlerFailed));
    }

    private <T> T client(
            Class<T> type,
            ServiceContract contract,
            Requirement requirement,
            @Nullable Function<Call, Fallback<Object>> code) {
        Handler handler = callers.pipeline(contract, requirement, code);
        return ServiceProxy.of(type, contract, handler, callers::nextContext);
    }

    /**
     * Creates a typed client of one endpoint, without discovery, balancing or retries: for tools, which close it. A
     * client of {@link Control} proves that it has the same user as the process. If security is on, calls are {@code
     * unavailable} unless the process may serve the service; {@link Control} and {@link Introspection} each process
     * may.
     *
     * @throws ServiceException if that cannot be proved, because the user has no directory to which Treaty can write
     */
    public <T> Direct<T> direct(Class<T> contract, ServiceEndpoint endpoint) {
        Headers headers = contract == Control.class && !security.on()
                ? ControlSecret.ofUser().headers(endpoint, secrets)
                : Headers.NONE;
        ServiceContract called = ServiceContract.of(contract);
        boolean ofEachProcess = contract == Control.class || contract == Introspection.class;
        Transport.Connection connection =
                ofEachProcess ? transport.connect(endpoint) : transport.connect(endpoint, called.name());
        T typed = ServiceProxy.of(
                contract,
                called,
                connection,
                () -> callers.nextContext()
                        .within(Deadline.after(settings().defaults().deadline(), time))
                        .with(headers));
        return new Direct<>(typed, connection);
    }

    /**
     * A client of one endpoint.
     *
     * @param client the typed client
     * @param connection its connection
     */
    public record Direct<T>(T client, Transport.Connection connection) implements Closeable {
        @Override
        public void close() {
            connection.close();
        }
    }

    /** The client that calls services by name, without their interfaces. */
    public ServiceClient client() {
        return client;
    }

    /**
     * Runs code on a new virtual thread, in the {@linkplain #carry context} of the calling thread, to call a typed
     * client asynchronously. If the future is completed before, by cancelling it or by its timeout, the code is
     * interrupted.
     *
     * <pre>{@code
     * CompletableFuture<Order> order = treaty.callAsync(() -> orders.get("42"));
     * }</pre>
     */
    public <R> CompletableFuture<R> callAsync(Callable<R> call) {
        return callers.async(call);
    }

    /**
     * Carries contexts of the calling thread to the threads of asynchronous calls, hedges and detached attempts, from
     * now on: SLF4J's MDC and these. Without it, SLF4J's MDC.
     *
     * <pre>{@code
     * treaty.carry(ContextCarrier.of(TENANT));
     * }</pre>
     */
    public void carry(ContextCarrier contexts) {
        callers.carry(contexts);
    }

    /**
     * Runs code whose calls have that priority, along the whole chain of calls: under overload, calls with a lower
     * priority are rejected first.
     *
     * <pre>{@code
     * Report report = treaty.withPriority(Priority.SHEDDABLE, () -> reports.refresh(day));
     * }</pre>
     */
    public <R, X extends Throwable> R withPriority(Priority priority, ScopedValue.CallableOp<R, X> body) throws X {
        return currentContext().priority(priority).run(body);
    }

    /**
     * Runs code whose calls send these headers, each attempt of them, in place of those with the same names that an
     * outer {@code withHeaders} sends. Unlike the priority, headers are sent to the called service only.
     *
     * <pre>{@code
     * Order order = treaty.withHeaders(Headers.of("x-tenant", "acme"), () -> orders.get("42"));
     * }</pre>
     */
    public <R, X extends Throwable> R withHeaders(Headers headers, ScopedValue.CallableOp<R, X> body) throws X {
        return currentContext().sending(headers).run(body);
    }

    private CallContext currentContext() {
        CallContext current = CallContext.currentOrNull();
        return current == null ? callers.nextContext() : current;
    }

    /**
     * Calls a typed client and returns the whole response: the value or the fault, the headers and trailers of the
     * handler, the instance that responded, the number of attempts, the trace's id and the origin. Of several attempts,
     * also of hedges, it is that of the one whose response counts.
     *
     * <pre>{@code
     * ServiceResponse<Order> response = treaty.respond(() -> orders.get("42"));
     * }</pre>
     *
     * @param body makes one call on its own thread; of several, the last one counts
     */
    public <R extends @Nullable Object, X extends Throwable> ServiceResponse<R> respond(
            ScopedValue.CallableOp<R, X> body) throws X {
        return ServiceProxy.respond(body);
    }

    // ------------------------------------------------------------------------------------------------- Reconfiguration

    /**
     * Changes how calls to a service are balanced, from the next call on, until the settings of its balancing
     * change. The state of its instances is kept.
     *
     * @param policy how calls are distributed
     * @param routing which instances a call may be sent to
     */
    public void rebalance(ServiceName service, BalancePolicy policy, RoutingPolicy routing) {
        callers.rebalance(service, policy, routing);
    }

    /**
     * Changes how calls to all services are balanced, from the next call on, until the settings of balancing
     * change. The state of their instances is kept.
     */
    public void rebalance(BalanceSettings changed) {
        callers.rebalance(changed);
    }

    /** Uses a custom load balancer for a service, from the next call on. */
    public void balancer(ServiceName service, LoadBalancer custom) {
        callers.balancer(service, custom);
    }

    /**
     * Replaces the faults that are injected into the calls of this process and those that it serves, until the settings
     * of faults change.
     */
    public void injectFaults(FaultPolicy client, FaultPolicy server) {
        callers.injectFaults(client);
        host.injectFaults(server);
    }

    // -------------------------------------------------------------------------------------------------- Looking inside

    /** The registry of this process. */
    public Registry registry() {
        return registry;
    }

    /** The metrics of this process. */
    public MetricsRecorder metrics() {
        return metrics;
    }

    /**
     * The guards of the services that this process has called: their statistics, and their levels and policies, which
     * can be changed while calls are running. Further guards can be added.
     */
    public Guards guards() {
        return guards;
    }

    /** Who calls this process, and what a caller may do. */
    public Security security() {
        return security;
    }

    /** The events of this process. */
    public EventStream events() {
        return events;
    }

    /** The settings in force. */
    public Settings settings() {
        return configuration.settings();
    }

    /** The settings of this process while it runs: their values and origins, their changes, and central settings. */
    public Configuration configuration() {
        return configuration;
    }

    /** The endpoint of its services; empty until one is served. */
    public Optional<ServiceEndpoint> endpoint() {
        return host.endpoint();
    }

    /** Describes the steps of a call to that service, outermost first, each with the reason for its place. */
    public String describe(ServiceName service) {
        return callers.caller(service).describe();
    }

    Callers callers() {
        return callers;
    }

    /**
     * Drains and closes everything: notifies clients to call other instances, waits for calls in flight, both within
     * {@code server.drain}, then removes the instances from the registry and closes connections. Calls that begin later
     * fail with {@code CANCELED}. An interrupt of the calling thread does not shorten this. Closing twice has no
     * effect.
     */
    @Override
    public void close() {
        if (!host.startClosing()) {
            return;
        }
        // On a thread that is not interrupted: otherwise a part would stay open.
        Thread closing = BackgroundThread.startOnce("treaty-closing", events, this::closeParts);
        boolean interrupted = false;
        while (closing.isAlive()) {
            try {
                closing.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Closes each part, also if another one fails. */
    private void closeParts() {
        List<Runnable> parts = List.of(
                () -> host.drain(registries::endWatches),
                configuration::close,
                callers::close,
                registry::close,
                registries::close,
                transport::close,
                security::close,
                prometheus::close);
        for (Runnable part : parts) {
            try {
                part.run();
            } catch (Throwable e) {
                BackgroundThread.report("treaty-closing", events, e);
            }
        }
    }
}
