package dev.treaty;

import dev.treaty.balance.FaultPolicy;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.health.HealthCheck;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.health.HealthSource;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Admission;
import dev.treaty.resilience.AdmissionPolicy;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A service that this process serves: registered, health-checked, and drained when it is closed. */
public final class ServedService implements AutoCloseable {
    /** The wait after a drain if the registry cannot confirm that all clients have been notified. */
    private static final Duration UNCONFIRMED_WAIT = Duration.ofMillis(250);

    /** The wait after a confirmed drain, for calls that were sent just before the client was notified. */
    private static final Duration CONFIRMED_WAIT = Duration.ofMillis(25);

    private final Registration registration;
    private final Server server;
    private final Supplier<String> description;
    private final @Nullable Admission admission;
    private final ServiceContract contract;
    private final Supplier<Optional<String>> problem;
    private final Supplier<Duration> noticeMax;
    private final Time time;
    private final @Nullable HealthCheck check;
    private final Consumer<ServedService> onClose;
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile ServiceHealth health;

    /**
     * Starts the health check of a registered service.
     *
     * @param description describes the steps of a call
     * @param admission its limits; null for none
     * @param problem returns why a change of the settings was refused, if it was
     * @param noticeMax returns the maximum time that closing waits until clients are notified
     * @param onClose called once, after the service has been withdrawn
     */
    ServedService(
            ServiceContract contract,
            Registration registration,
            Server server,
            Object implementation,
            Supplier<String> description,
            @Nullable Admission admission,
            Supplier<Optional<String>> problem,
            Supplier<Duration> noticeMax,
            RuntimeDependencies runtime,
            Consumer<ServedService> onClose) {
        this.registration = registration;
        this.server = server;
        this.description = description;
        this.admission = admission;
        this.contract = contract;
        this.problem = problem;
        this.noticeMax = noticeMax;
        this.time = runtime.time();
        this.onClose = onClose;
        this.health = registration.instance().health();
        this.check = implementation instanceof HealthSource source
                ? HealthCheck.start(
                        registration.instance().id(),
                        () -> Objects.requireNonNull(source.health(), "it returned null"),
                        HealthPolicy.OWN,
                        health,
                        this::report,
                        time,
                        runtime.random())
                : null;
        if (admission != null) {
            admission.onAbandoned(this::reportAgain);
        }
    }

    /** Describes the steps of a call that is served, outermost first, each with the reason for its place. */
    public String describe() {
        return description.get();
    }

    /** The registered instance. */
    public ServiceInstance instance() {
        return registration.instance();
    }

    /**
     * The health that was last reported; a warning if handlers run on after their calls have ended, or if a change of
     * the settings was refused.
     */
    public ServiceHealth health() {
        ServiceHealth reported = health;
        if (reported.status() != Status.PASSING) {
            return reported;
        }
        return running()
                .or(problem)
                .map(why -> new ServiceHealth(Status.WARNING, why, time.instant(), reported.details()))
                .orElse(reported);
    }

    private Optional<String> running() {
        Map<String, Integer> running = admission == null ? Map.of() : admission.abandoned();
        if (running.isEmpty()) {
            return Optional.empty();
        }
        String counts = running.entrySet().stream()
                .map(each -> each.getValue() + " of " + each.getKey())
                .collect(Collectors.joining(", "));
        return Optional.of("handlers ignore interrupts and run on after their calls have ended: " + counts);
    }

    /** Changes the limits, and the faults that are injected, from the next call on. */
    void limits(AdmissionPolicy changed, FaultPolicy faults) {
        if (admission != null) {
            admission.reconfigure(changed, faults);
        }
    }

    /** Changes what is registered. */
    void update(int weight, Function<ServiceContract, Map<String, String>> metadata) {
        if (!draining.get()) {
            registration.update(instance().withWeight(weight).withMetadata(metadata.apply(contract)));
        }
    }

    /** Reports the current health again, since there is a reason for a warning, or no longer. */
    void reportAgain() {
        if (!draining.get()) {
            registration.report(health());
        }
    }

    /** Reports the health of the service; clients are notified. It has no effect while the service is draining. */
    public void report(ServiceHealth changed) {
        if (!draining.get()) {
            health = changed;
            registration.report(health());
        }
    }

    /** Notifies clients to call other instances; calls that still arrive are answered. */
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
     * Drains the service, waits until clients are notified, then rejects new calls and removes the instance from the
     * registry. Calls in flight end. The service can then be served again; closing twice has no effect.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) { // once, since another service of that name may be served afterwards
            drain();
            awaitNotified(List.of(this), noticeMax.get(), time);
            server.withdraw(instance().service());
            deregister();
            onClose.accept(this);
        }
    }

    /** Runs a step for all services concurrently, because each waits for a registry that does not respond. */
    static void forEach(Collection<ServedService> services, Consumer<ServedService> step) {
        List<Thread> threads = services.stream()
                .map(service -> BackgroundThread.startOnce("treaty-closing", Events.NONE, () -> step.accept(service)))
                .toList();
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until all clients are notified that these services drain, so that no further calls arrive. */
    static void awaitNotified(Collection<ServedService> services, Duration noticeMax, Time time) {
        long end = time.nanoTime() + noticeMax.toNanos();
        boolean confirmed = true;
        for (ServedService service : services) {
            Duration left = Duration.ofNanos(Math.max(0, end - time.nanoTime()));
            confirmed &= service.registration.acknowledged(left);
        }
        try {
            time.sleep((confirmed ? CONFIRMED_WAIT : UNCONFIRMED_WAIT).toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void deregister() {
        registration.close();
    }
}
