package dev.treaty.client;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.RuntimeDependencies;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Caches contracts from the registry by their fingerprints. Lookups never wait: a contract that is not cached is
 * requested in the background, and the caller is notified of the result.
 */
final class ContractCache {
    /** The maximum number of cached contracts. */
    private static final int CONTRACTS_MAX = 1_024;

    /** How long a contract that the registry does not have is not requested again. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final ServiceDiscovery discovery;
    private final RuntimeDependencies runtime;
    private final Map<Key, Lookup> lookups = new ConcurrentHashMap<>();

    private record Key(ServiceName service, String fingerprint) {}

    /**
     * The result of a lookup. A contract never changes under its fingerprint, so it is requested once.
     *
     * @param contract null if it is not known, or not yet
     * @param answered whether the registry has responded
     */
    record Lookup(@Nullable ServiceContract contract, boolean answered, long requestedNanos) {}

    ContractCache(ServiceDiscovery discovery, RuntimeDependencies runtime) {
        this.discovery = discovery;
        this.runtime = runtime;
    }

    /**
     * Returns the contract if it is cached.
     *
     * @param listener called when the registry has responded to a new request
     */
    Lookup find(ServiceName service, String fingerprint, Runnable listener) {
        var key = new Key(service, fingerprint);
        Lookup known = lookups.get(key);
        long now = runtime.time().nanoTime();
        boolean retry = known != null && known.contract == null && now - known.requestedNanos > RETRY.toNanos();
        if (known != null && !retry) {
            return known;
        }
        if (lookups.size() >= CONTRACTS_MAX) {
            lookups.clear();
        }
        var pending = new Lookup(null, retry, now);
        lookups.put(key, pending);
        BackgroundThread.startOnce("treaty-contract-" + service, runtime.events(), () -> {
            ServiceContract contract = discovery.contract(service, fingerprint).orElse(null);
            lookups.put(key, new Lookup(contract, true, runtime.time().nanoTime()));
            listener.run();
        });
        return pending;
    }
}
