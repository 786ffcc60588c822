package dev.treaty.client;

import dev.treaty.balance.Locality;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The location of this process: its region and zone, and its position among the clients that share the instances of a
 * large service, so that each client calls another subset. These clients are the instances of the first service that
 * the process serves; a process that serves nothing gets a random position, which is even on average only.
 */
final class ClientLocation implements AutoCloseable {
    /** The number of random positions. */
    private static final int POSITIONS = 1 << 16;

    private volatile Settings settings;
    private final ServiceDiscovery discovery;
    private final Consumer<Locality> listener;
    private volatile Locality current;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable ServiceInstance self; // guarded by the lock
    private @Nullable Subscription subscription; // guarded by the lock

    /** @param listener called after each change */
    ClientLocation(Settings settings, ServiceDiscovery discovery, RandomGenerator random, Consumer<Locality> listener) {
        this.settings = settings;
        this.discovery = discovery;
        this.listener = listener;
        this.current = new Locality(settings.region(), settings.zone(), random.nextInt(POSITIONS), POSITIONS);
    }

    Locality current() {
        return current;
    }

    /** Follows the instances of a service of this process; only the first call has an effect. */
    void serves(ServiceInstance instance) {
        lock.lock();
        try {
            self = self == null ? instance : self;
            follow();
        } finally {
            lock.unlock();
        }
    }

    /** Applies changed settings, which may use subsets from now on. */
    void apply(Settings changed) {
        lock.lock();
        try {
            settings = changed;
            follow();
        } finally {
            lock.unlock();
        }
    }

    private void follow() {
        ServiceInstance known = self;
        boolean subsets = settings.balance().defaults().subset() > 0
                || settings.balance().services().values().stream()
                        .anyMatch(s -> s.policy().subset() > 0);
        if (subsets && subscription == null && known != null) {
            subscription = discovery.watch(known.service(), _ -> locate(known));
        }
    }

    private void locate(ServiceInstance instance) {
        List<String> ids = discovery.instances(instance.service()).stream()
                .map(ServiceInstance::id)
                .sorted()
                .toList();
        int index = ids.indexOf(instance.id());
        if (index >= 0) {
            var now = new Locality(settings.region(), settings.zone(), index, ids.size());
            if (!now.equals(current)) {
                current = now;
                listener.accept(now);
            }
        }
    }

    @Override
    public void close() {
        Subscription followed;
        lock.lock();
        try {
            followed = subscription;
        } finally {
            lock.unlock();
        }
        if (followed != null) {
            followed.close();
        }
    }
}
