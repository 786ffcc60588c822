package dev.treaty.client;

import dev.treaty.balance.BalancedInstance;
import dev.treaty.balance.Load;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One instance as this client sees it: its connection, its breaker, its load. It lives as long as the instance does;
 * news about the instance replace what is known, not the node.
 */
public final class Node implements BalancedInstance {
    /** The admission of an attempt that no breaker has a say in. */
    private static final long UNGUARDED = Long.MIN_VALUE;

    private final Transport.Connection connection;
    private final Load load;
    private final BooleanSupplier guarded;
    private final Time time;
    private final Events events;
    private volatile ServiceInstance instance;
    private volatile CircuitBreaker breaker;

    /** @param guarded whether the breaker is in force */
    Node(
            ServiceInstance instance,
            Transport.Connection connection,
            CircuitBreaker breaker,
            Load load,
            BooleanSupplier guarded,
            Time time,
            Events events) {
        this.instance = instance;
        this.connection = connection;
        this.breaker = breaker;
        this.load = load;
        this.guarded = guarded;
        this.time = time;
        this.events = events;
    }

    @Override
    public ServiceInstance instance() {
        return instance;
    }

    void update(ServiceInstance news) {
        instance = news;
    }

    @Override
    public Load load() {
        return load;
    }

    public CircuitBreaker breaker() {
        return breaker;
    }

    /** Another breaker from now on. Attempts under way report to it too, as it counts the same instance's outcomes. */
    void breaker(CircuitBreaker other) {
        breaker = other;
    }

    @Override
    public Exclusion.@Nullable Reason exclusion(long nowNanos) {
        Status status = instance.health().status();
        if (!status.takesCalls()) {
            return status == Status.DRAINING ? Exclusion.Reason.DRAINING : Exclusion.Reason.UNHEALTHY;
        }
        if (!guarded.getAsBoolean() || breaker.available(nowNanos)) {
            return null;
        }
        return breaker.state() == CircuitBreaker.State.HALF_OPEN
                ? Exclusion.Reason.ON_TRIAL
                : Exclusion.Reason.BREAKER_OPEN;
    }

    @Override
    public boolean onTrial() {
        return guarded.getAsBoolean() && breaker.state() != CircuitBreaker.State.CLOSED;
    }

    /** Asks to make a call here; see {@link CircuitBreaker#tryAcquire(long)}. */
    long tryAcquire(long nowNanos) {
        return guarded.getAsBoolean() ? breaker.tryAcquire(nowNanos) : UNGUARDED;
    }

    /**
     * Makes one attempt: breaker, then observation, then the connection.
     *
     * @param admission what {@link #tryAcquire} gave; {@link CircuitBreaker#REFUSED} where the attempt is made all the
     *     same, since too many instances are sick, and says nothing to the breaker
     * @param startNanos the time now
     */
    ServiceResponse<?> attempt(Call call, long admission, long startNanos) throws InterruptedException {
        boolean ended = false;
        load.begin();
        call.context().record().attempting(instance.id());
        try {
            ServiceResponse<?> response = connection.handle(call);
            ended = true;
            return ended(call, admission, response, startNanos, time.nanoTime());
        } finally {
            if (!ended) {
                // Interrupted, or a mistake of ours: it says nothing about the instance, but how long it took at least.
                ignored(startNanos);
                if (reports(admission)) {
                    breaker.ignored(admission);
                }
            }
        }
    }

    private static boolean reports(long admission) {
        return admission != UNGUARDED && admission != CircuitBreaker.REFUSED;
    }

    private ServiceResponse<?> ended(Call call, long admission, ServiceResponse<?> response, long start, long now) {
        Fault fault = measured(response, start, now);
        if (reports(admission)) {
            breaker.ended(admission, fault, start, now);
        }
        call.context().record().attempted(instance.id(), now - start, fault);
        events.emit(new Event.AttemptEnded(call, instance, response.withLatencyNanos(now - start)));
        return response;
    }

    private @Nullable Fault measured(ServiceResponse<?> response, long start, long now) {
        Fault fault = response instanceof ServiceResponse.Failed<?> failed ? failed.fault() : null;
        if (fault != null && !fault.reached() && !fault.code().blamesService()) {
            load.ignored(now, now - start); // it was refused before it was sent
        } else if (fault == null || !fault.code().blamesService()) {
            load.succeeded(now, now - start);
        } else {
            // However long it asks callers to stay away: the conversion ends at the largest number.
            long away = fault.retryAfter().map(TimeUnit.NANOSECONDS::convert).orElse(0L);
            load.failed(now, now - start, away);
        }
        return fault;
    }

    /** Sends a copy of a call whose answer nobody waits for. */
    void copy(Call call) throws InterruptedException {
        long start = time.nanoTime();
        boolean ended = false;
        load.begin();
        try {
            ServiceResponse<?> response = connection.handle(call);
            ended = true;
            long now = time.nanoTime();
            Fault fault = measured(response, start, now);
            if (fault == null || fault.reached()) {
                events.emit(new Event.CallMirrored(call, instance.id(), response.withLatencyNanos(now - start)));
            }
        } finally {
            if (!ended) {
                ignored(start);
            }
        }
    }

    private void ignored(long start) {
        long now = time.nanoTime();
        load.ignored(now, now - start);
    }

    void close() {
        connection.close();
    }
}
