package dev.treaty;

import dev.treaty.config.InstancesFile;
import dev.treaty.config.SecuritySettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.security.ProcessSecurity;
import dev.treaty.core.text.AddressRange;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.JointRegistry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.backend.FileBackend;
import dev.treaty.registry.server.FileStore;
import dev.treaty.registry.server.Journal;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.RegistryProvider;
import dev.treaty.security.IssuePolicy;
import dev.treaty.security.TokenProtocol;
import dev.treaty.security.TokenService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Opens the registry of a process by its address, and serves the embedded registry with its state on disk. */
final class Registries implements AutoCloseable {
    /** How long a request to the service of tokens may take, which waits for changes. */
    private static final Duration TOKENS_WAIT = Duration.ofSeconds(10);

    private final Settings settings;
    private final Principal self;
    private final Transport transport;
    private final ProcessSecurity security;
    private final RandomGenerator secrets;
    private final RuntimeDependencies runtime;
    private final RegistryTable table;
    private final List<RegistryService> services = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Journal journal; // guarded by the lock
    private @Nullable TokenService tokenService; // guarded by the lock

    Registries(
            Settings settings,
            Principal self,
            Transport transport,
            ProcessSecurity security,
            RandomGenerator secrets,
            RuntimeDependencies runtime) {
        this.settings = settings;
        this.self = self;
        this.transport = transport;
        this.security = security;
        this.secrets = secrets;
        this.runtime = runtime;
        this.table = new RegistryTable(
                RegistryLimits.STANDARD.withInstances(settings.registryServer().instancesMax()),
                settings.registryServer().preservation(),
                secrets);
    }

    /** @throws IllegalStateException if no module on the class path provides registries with that scheme */
    Registry open(RegistryAddress address) {
        return switch (address) {
            case RegistryAddress.Embedded _ -> new EmbeddedRegistry(table, runtime.time(), runtime.events());
            case RegistryAddress.Network remote ->
                new NetworkRegistry(
                        remote.toString(),
                        transport.connect(secured(remote.endpoint()), new ServiceName(RegistryProtocol.NAME)),
                        self,
                        RegistryPolicy.STANDARD.confidential(isConfidential(remote.endpoint())),
                        new RuntimeDependencies(runtime.time(), secrets, runtime.events()));
            case RegistryAddress.Provided provided -> provided(provided);
            case RegistryAddress.Several several ->
                new JointRegistry(
                        several.primaries().stream().map(this::open).toList(),
                        several.secondary().map(this::open),
                        runtime.time());
        };
    }

    /** Whether what is sent to a registry is encrypted, does not leave the machine, or may be read by others. */
    private boolean isConfidential(ServiceEndpoint endpoint) {
        return security.tls().isPresent() || settings.security().insecure() || AddressRange.isLoopback(endpoint.host());
    }

    private ServiceEndpoint secured(ServiceEndpoint endpoint) {
        return security.tls().isEmpty() ? endpoint : new ServiceEndpoint("https", endpoint.host(), endpoint.port());
    }

    private Registry provided(RegistryAddress.Provided address) {
        RegistryPolicy policy =
                RegistryPolicy.STANDARD.with(settings.registryServer().preservation());
        var context = new RegistryProvider.RegistryContext(
                self, policy, runtime.time(), secrets, runtime.events(), new JsonInstances());
        String scheme = address.scheme();
        if (scheme.equals("file")) {
            String path = address.rest().startsWith("//") ? address.rest().substring(2) : address.rest();
            var backend = new FileBackend(Path.of(path), text -> InstancesFile.parse(path, text), context);
            return NetworkRegistry.over(backend, address.toString(), context);
        }
        return RegistryProvider.of(scheme)
                .orElseThrow(() -> new IllegalStateException("registry: " + address + " needs a module that is not on"
                        + " the class path: add "
                        + RegistryProvider.ARTIFACTS.getOrDefault(scheme, "the one that brings " + scheme + ":")))
                .open(address, context);
    }

    /**
     * Creates the service of the embedded registry; the first one restores its state from {@code registry-server.data}.
     *
     * @throws UncheckedIOException if the directory of its state cannot be used
     */
    RegistryService service() {
        settings.registryServer().data().ifPresent(this::restore);
        var service = new RegistryService(table, protection(), runtime.time(), runtime.events());
        services.add(service);
        return service;
    }

    private RegistryProtection protection() {
        return new RegistryProtection(
                security.access(),
                settings.security().quotas(),
                settings.security().endpoints());
    }

    private void restore(String directory) {
        lock.lock();
        try {
            if (journal == null) {
                var store = new FileStore(Path.of(directory));
                try {
                    journal = new Journal(table, store, runtime.time(), runtime.events());
                } catch (IOException e) {
                    store.close();
                    throw e;
                }
            }
        } catch (IOException | InvalidPathException e) {
            throw new UncheckedIOException(
                    new IOException("the registry's state cannot be kept in " + directory + ": " + e.getMessage()));
        } finally {
            lock.unlock();
        }
    }

    /** Returns a client of the service of tokens in another process, with the registry; empty if there is none. */
    Optional<TokenProtocol> tokens() {
        return switch (settings.registry()) {
            case RegistryAddress.Embedded _, RegistryAddress.Provided _ -> Optional.empty();
            case RegistryAddress.Network remote -> Optional.of(tokens(remote));
            case RegistryAddress.Several several ->
                several.primaries().stream()
                        .filter(RegistryAddress.Network.class::isInstance)
                        .findFirst()
                        .map(first -> tokens((RegistryAddress.Network) first));
        };
    }

    private TokenProtocol tokens(RegistryAddress.Network remote) {
        var contract = ServiceContract.of(TokenProtocol.class);
        return ServiceProxy.of(
                TokenProtocol.class,
                contract,
                transport.connect(secured(remote.endpoint()), contract.name()),
                () -> CallContext.next(self, runtime.time(), runtime.random())
                        .within(Deadline.after(TOKENS_WAIT, runtime.time())));
    }

    /**
     * Returns the service of tokens that this process serves with the embedded registry.
     *
     * @throws UncheckedIOException if the directory of its keys cannot be used
     */
    TokenService tokenService() {
        SecuritySettings.Tokens tokens = settings.security().tokens();
        Path directory =
                tokens.directory().orElseGet(() -> Path.of(System.getProperty("user.home"), ".treaty", "tokens"));
        lock.lock();
        try {
            if (tokenService == null) {
                tokenService = new TokenService(
                        directory,
                        IssuePolicy.STANDARD.rotatingEvery(tokens.rotation()),
                        runtime.time(),
                        runtime.events(),
                        secrets);
            }
            return tokenService;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    new IOException("the keys of tokens cannot be kept in " + directory + ": " + e.getMessage()));
        } finally {
            lock.unlock();
        }
    }

    /** Ends the watches of clients, which would otherwise wait until the server has drained. */
    void endWatches() {
        services.forEach(RegistryService::close);
    }

    /** Closes the state on disk, which stays there. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (tokenService != null) {
                tokenService.close();
            }
            if (journal != null) {
                journal.close();
            }
        } catch (IOException e) {
            runtime.events()
                    .emit(new Event.RegistryChanged(
                            settings.registry().toString(),
                            true,
                            true,
                            "the last changes of the registry's state were not saved: " + e.getMessage()));
        } finally {
            lock.unlock();
        }
    }
}
