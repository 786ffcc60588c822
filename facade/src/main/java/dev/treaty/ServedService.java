package dev.treaty;

import dev.treaty.core.call.Server;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.health.HealthCheck;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.health.HealthSource;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A service that this process offers: registered, healthy or not, and drained when it is closed. */
public final class ServedService implements AutoCloseable {
    /** How long callers get to hear of a drain where the registry cannot tell whether they have. */
    static final Duration NOTICE = Duration.ofMillis(250);

    /** How long a call may be on its way that was sent just before its caller heard. */
    static final Duration ON_THE_WAY = Duration.ofMillis(25);

    private final Registration registration;
    private final Server server;
    private final Duration patience;
    private final Time time;
    private final @Nullable HealthCheck check;
    private final Consumer<ServedService> onClose;
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile ServiceHealth health;

    /**
     * @param patience how long closing waits for callers to hear of it
     * @param onClose run once, when it is not offered any more
     */
    ServedService(
            Registration registration,
            Server server,
            Object implementation,
            Duration patience,
            Time time,
            RandomGenerator random,
            Consumer<ServedService> onClose) {
        this.registration = registration;
        this.server = server;
        this.patience = patience;
        this.time = time;
        this.onClose = onClose;
        this.health = registration.instance().health();
        this.check = implementation instanceof HealthSource source
                ? HealthCheck.start(
                        registration.instance().id(),
                        () -> answer(source, time),
                        HealthPolicy.OWN,
                        health,
                        this::report,
                        time,
                        random)
                : null;
    }

    /** The instance as it is registered. */
    public ServiceInstance instance() {
        return registration.instance();
    }

    /** How the service feels. */
    public ServiceHealth health() {
        return health;
    }

    /** Says how the service feels; callers hear of it at once. An instance that drains goes on draining. */
    public void report(ServiceHealth changed) {
        if (!draining.get()) {
            health = changed;
            registration.report(changed);
        }
    }

    private static ServiceHealth answer(HealthSource source, Time time) {
        try {
            return source.health();
        } catch (RuntimeException e) {
            return new ServiceHealth(
                    Status.CRITICAL, "the service could not say how it feels", time.instant(), Map.of());
        }
    }

    /** Tells callers to stop calling here; calls that still come are answered. */
    public void drain() {
        if (draining.compareAndSet(false, true)) {
            if (check != null) {
                check.close();
            }
            health = ServiceHealth.of(Status.DRAINING, time.instant());
            registration.drain();
        }
    }

    /**
     * Drains, waits until callers have heard of it, then takes no more calls and leaves the registry. Calls under way
     * end. After that a service of its name may be served again; closing twice does nothing.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) { // once: a second time would withdraw whoever is served after this one
            drain();
            awaitHeard(List.of(this), patience, time);
            server.withdraw(instance().service());
            leave();
            onClose.accept(this);
        }
    }

    /** Does that to all at once: where the registry does not answer, each would wait for it. */
    static void each(Collection<ServedService> services, Consumer<ServedService> step) {
        List<Thread> threads = services.stream()
                .map(service -> Thread.ofVirtual().name("treaty-closing").start(() -> step.accept(service)))
                .toList();
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits until all callers have heard that these services drain, so that none of them calls here any more; a moment
     * where the registry cannot tell, or where that takes longer than there is patience.
     */
    static void awaitHeard(Collection<ServedService> services, Duration patience, Time time) {
        long end = time.nanoTime() + patience.toNanos();
        boolean heard = true;
        for (ServedService service : services) {
            Duration left = Duration.ofNanos(Math.max(0, end - time.nanoTime()));
            heard &= service.registration.acknowledged(left);
        }
        try {
            time.sleep((heard ? ON_THE_WAY : NOTICE).toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void leave() {
        registration.close();
    }
}
