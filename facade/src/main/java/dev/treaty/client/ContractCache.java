package dev.treaty.client;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The contracts of others by their fingerprints, as far as the registry has told. Nobody waits for it here: what is not
 * known is asked for in the background, and whoever wanted to know is told.
 */
public final class ContractCache {
    /** The most contracts that are remembered. */
    private static final int CONTRACTS_MAX = 1_024;

    /** How long the registry is not asked again for what it does not know. */
    static final Duration RETRY = Duration.ofSeconds(1);

    private final ServiceDiscovery discovery;
    private final Time time;
    private final Map<Key, Found> found = new ConcurrentHashMap<>();

    private record Key(ServiceName service, String fingerprint) {}

    /**
     * What the registry said. A contract never changes under its fingerprint, so it is asked for once.
     *
     * @param contract null where it is not known, or not yet
     * @param answered whether the registry has said anything
     */
    record Found(@Nullable ServiceContract contract, boolean answered, long askedAtNanos) {}

    public ContractCache(ServiceDiscovery discovery, Time time) {
        this.discovery = discovery;
        this.time = time;
    }

    /**
     * The contract, as far as it is known.
     *
     * @param answered told where there is an answer and there was none
     */
    Found find(ServiceName service, String fingerprint, Runnable answered) {
        var key = new Key(service, fingerprint);
        Found known = found.get(key);
        long now = time.nanoTime();
        boolean again = known != null && known.contract == null && now - known.askedAtNanos > RETRY.toNanos();
        if (known != null && !again) {
            return known;
        }
        if (found.size() >= CONTRACTS_MAX) {
            found.clear();
        }
        var asking = new Found(null, again, now);
        found.put(key, asking);
        Thread.ofVirtual().name("treaty-contract-" + service).start(() -> ask(key, answered));
        return asking;
    }

    private void ask(Key key, Runnable answered) {
        ServiceContract contract =
                discovery.contract(key.service, key.fingerprint).orElse(null);
        found.put(key, new Found(contract, true, time.nanoTime()));
        answered.run();
    }
}
