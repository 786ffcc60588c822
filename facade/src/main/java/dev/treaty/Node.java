package dev.treaty;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * One instance as this client sees it: its connection, its breaker, how many calls are under way there. It lives as
 * long as the instance does; news about the instance replace what is known, not the node.
 */
final class Node {
    /** The admission of an attempt that no breaker has a say in. */
    private static final long UNGUARDED = Long.MIN_VALUE;

    private final Transport.Connection connection;
    private final CircuitBreaker breaker;
    private final BooleanSupplier guarded;
    private final Time time;
    private final Events events;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile ServiceInstance instance;

    /** @param guarded whether the breaker is in force */
    Node(
            ServiceInstance instance,
            Transport.Connection connection,
            CircuitBreaker breaker,
            BooleanSupplier guarded,
            Time time,
            Events events) {
        this.instance = instance;
        this.connection = connection;
        this.breaker = breaker;
        this.guarded = guarded;
        this.time = time;
        this.events = events;
    }

    ServiceInstance instance() {
        return instance;
    }

    void update(ServiceInstance news) {
        instance = news;
    }

    int inFlight() {
        return inFlight.get();
    }

    CircuitBreaker breaker() {
        return breaker;
    }

    boolean available() {
        return instance.health().status().takesCalls() && (!guarded.getAsBoolean() || breaker.available());
    }

    /** Why it takes no calls, in a few words; empty where it does. */
    String exclusion() {
        var status = instance.health().status();
        if (!status.takesCalls()) {
            return status.name().toLowerCase(Locale.ROOT);
        }
        return guarded.getAsBoolean() && !breaker.available() ? "breaker open" : "";
    }

    /** Asks to make a call here; see {@link CircuitBreaker#tryAcquire()}. */
    long tryAcquire() {
        return guarded.getAsBoolean() ? breaker.tryAcquire() : UNGUARDED;
    }

    /** Makes one attempt under that admission: breaker, then observation, then the connection. */
    ServiceResponse<?> attempt(Call call, long admission) throws InterruptedException {
        long start = time.nanoTime();
        boolean reported = false;
        inFlight.incrementAndGet();
        try {
            ServiceResponse<?> response = connection.handle(call);
            reported = true;
            return ended(call, admission, response, start, time.nanoTime());
        } finally {
            inFlight.decrementAndGet();
            if (!reported && admission != UNGUARDED) {
                breaker.ignored(admission); // interrupted, or a mistake of ours: it says nothing about the instance
            }
        }
    }

    private ServiceResponse<?> ended(Call call, long admission, ServiceResponse<?> response, long start, long now) {
        long nanos = now - start;
        Fault fault = response instanceof ServiceResponse.Failed<?> failed ? failed.fault() : null;
        if (admission != UNGUARDED) {
            if (fault == null || !fault.code().blamesService()) {
                breaker.succeeded(admission, now, nanos);
            } else {
                breaker.failed(admission, now, nanos);
            }
        }
        call.context().record().attempted(instance.id(), nanos, fault);
        events.emit(new Event.AttemptEnded(call, instance, response.withLatencyNanos(nanos)));
        return response;
    }

    void close() {
        connection.close();
    }
}
