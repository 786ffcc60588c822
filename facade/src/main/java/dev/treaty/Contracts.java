package dev.treaty;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The contracts of others by their fingerprints, as far as the registry has told. Nobody waits for it here: what is not
 * known is asked for in the background, and whoever wanted to know is told.
 */
final class Contracts {
    /** The most contracts that are remembered. */
    private static final int CONTRACTS_MAX = 1_024;

    /** How long the registry is not asked again for what it does not know. */
    static final Duration RETRY = Duration.ofSeconds(1);

    private final ServiceDiscovery discovery;
    private final Time time;
    private final Map<Key, Found> found = new ConcurrentHashMap<>();

    private record Key(ServiceName service, String fingerprint) {}

    /** What the registry said. A contract never changes under its fingerprint, so it is asked for once. */
    private record Found(@Nullable ServiceContract contract, long askedAtNanos, boolean answered) {}

    Contracts(ServiceDiscovery discovery, Time time) {
        this.discovery = discovery;
        this.time = time;
    }

    /**
     * The contract, if it is known.
     *
     * @param answered told, once, that there is an answer where there was none yet
     * @return null while the registry is being asked; nothing where it does not know
     */
    @SuppressWarnings("NullableOptional") // not yet known, known not to exist, and known are three answers
    @Nullable
    Optional<ServiceContract> find(ServiceName service, String fingerprint, Runnable answered) {
        var key = new Key(service, fingerprint);
        Found known = found.get(key);
        long now = time.nanoTime();
        if (known != null && known.contract != null) {
            return Optional.of(known.contract);
        }
        if (known == null || now - known.askedAtNanos > RETRY.toNanos()) {
            if (found.size() >= CONTRACTS_MAX) {
                found.clear();
            }
            boolean before = known != null && known.answered;
            found.put(key, new Found(null, now, before));
            Thread.ofVirtual().name("treaty-contract-" + service).start(() -> ask(key, answered));
            return before ? Optional.empty() : null;
        }
        return known.answered ? Optional.empty() : null;
    }

    private void ask(Key key, Runnable answered) {
        ServiceContract contract =
                discovery.contract(key.service, key.fingerprint).orElse(null);
        found.put(key, new Found(contract, time.nanoTime(), true));
        answered.run();
    }
}
