package dev.treaty;

import dev.treaty.core.call.Server;
import dev.treaty.core.discovery.HealthSource;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Time;
import dev.treaty.registry.HealthCheck;
import dev.treaty.registry.HealthPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A service that this process offers: registered, healthy or not, and drained when it is closed. */
public final class Hosted implements AutoCloseable {
    /** How long callers get to hear of a drain before new calls are turned away. */
    static final Duration NOTICE = Duration.ofMillis(250);

    private final Registration registration;
    private final Server server;
    private final Time time;
    private final @Nullable HealthCheck check;
    private final AtomicBoolean draining = new AtomicBoolean();
    private volatile ServiceHealth health;

    Hosted(Registration registration, Server server, Object implementation, Time time, RandomGenerator random) {
        this.registration = registration;
        this.server = server;
        this.time = time;
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

    /** Drains, gives callers a moment to hear of it, then takes no more calls and leaves the registry. */
    @Override
    public void close() {
        drain();
        notice(time);
        server.withdraw(instance().service());
        leave();
    }

    /** Waits the moment that callers need to hear of a drain. */
    static void notice(Time time) {
        try {
            time.sleep(NOTICE.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void leave() {
        registration.close();
    }
}
