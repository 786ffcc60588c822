package dev.treaty.client;

import dev.treaty.balance.BalancedInstance;
import dev.treaty.balance.Load;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.resilience.CircuitBreaker;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One instance as this client sees it: its connection, its breaker, its load. It lives as long as the instance; an
 * update of the instance does not replace the node.
 */
public final class Node implements BalancedInstance {
    /** The admission of an attempt without a breaker. */
    private static final long UNGUARDED = Long.MIN_VALUE;

    private final Transport.Connection connection;
    private final Load load;
    private final BooleanSupplier guarded;
    private final RuntimeDependencies runtime;

    /** The metadata of responses without headers and trailers. */
    private final ResponseMetadata plain;

    private volatile ServiceInstance instance;
    private volatile CircuitBreaker breaker;
    private volatile boolean refusing;

    /** @param guarded whether the breaker is in force */
    Node(
            ServiceInstance instance,
            Transport.Connection connection,
            CircuitBreaker breaker,
            Load load,
            BooleanSupplier guarded,
            RuntimeDependencies runtime) {
        this.instance = instance;
        this.plain = ResponseMetadata.NONE.instance(instance.id());
        this.connection = connection;
        this.breaker = breaker;
        this.load = load;
        this.guarded = guarded;
        this.runtime = runtime;
    }

    @Override
    public ServiceInstance instance() {
        return instance;
    }

    void update(ServiceInstance updated) {
        instance = updated;
    }

    @Override
    public Load load() {
        return load;
    }

    public CircuitBreaker breaker() {
        return breaker;
    }

    /** Replaces the breaker; attempts in flight report to the new one, which ignores admissions of another epoch. */
    void breaker(CircuitBreaker other) {
        breaker = other;
    }

    @Override
    public @Nullable Reason exclusion(long nowNanos) {
        Status status = instance.health().status();
        if (!status.takesCalls()) {
            return status == Status.DRAINING ? Reason.DRAINING : Reason.UNHEALTHY;
        }
        if (!guarded.getAsBoolean() || breaker.available(nowNanos)) {
            return null;
        }
        if (breaker.forcedOpen()) {
            return Reason.BREAKER_FORCED_OPEN;
        }
        return breaker.state() == CircuitBreaker.State.HALF_OPEN ? Reason.ON_TRIAL : Reason.BREAKER_OPEN;
    }

    @Override
    public boolean probing() {
        return guarded.getAsBoolean() && breaker.state() != CircuitBreaker.State.CLOSED;
    }

    @Override
    public boolean gone() {
        return refusing || instance.health().details().containsKey(RegistryTable.STALE);
    }

    /** Returns true if a response says that the call could not be sent, so that another node can get it. */
    static boolean refused(@Nullable Fault fault) {
        return fault != null && fault.code() == Code.UNAVAILABLE && !fault.reached() && fault.retryable();
    }

    /**
     * Requests an admission for an attempt; see {@link CircuitBreaker#tryAcquire(long)}.
     *
     * @param guardedCall whether the breaker is in force for the call
     */
    long tryAcquire(boolean guardedCall, long nowNanos) {
        return guardedCall ? breaker.tryAcquire(nowNanos) : UNGUARDED;
    }

    /**
     * Sends one attempt to the instance and reports its outcome to the load, the breaker, the record and the events.
     *
     * @param admission the result of {@link #tryAcquire}; {@link CircuitBreaker#REFUSED} in a panic, when the attempt
     *     is made without an admission and its outcome is not reported to the breaker
     * @param startNanos the current time
     */
    ServiceResponse<?> attempt(Call call, long admission, long startNanos) throws InterruptedException {
        load.begin();
        call.context().record().attempting(instance.id());
        ServiceResponse<?> response = null;
        long now;
        Fault fault;
        try {
            response = connection.handle(call);
        } finally {
            now = runtime.time().nanoTime();
            fault = fault(response);
            measure(response, fault, startNanos, now);
            if (response == null) {
                release(admission);
            } else if (admitted(admission)) {
                breaker.ended(admission, fault, startNanos, now);
            }
        }
        ServiceResponse<?> own = response.with(metadata(response), now - startNanos);
        call.context().record().attempted(instance.id(), now - startNanos, fault);
        runtime.events().emit(new Event.AttemptEnded(call, instance, own));
        return own;
    }

    /**
     * Sends one attempt through filters. If they do not send it, the admission is given back, and nothing is reported.
     *
     * @see #attempt(Call, long, long)
     */
    ServiceResponse<?> attempt(List<Step> filters, Call call, long admission, long startNanos)
            throws InterruptedException {
        var used = new AtomicBoolean();
        Handler send = each -> {
            if (!used.compareAndSet(false, true)) {
                throw new IllegalStateException("an attempt is sent once");
            }
            return attempt(each, admission, startNanos);
        };
        try {
            return new Pipeline(filters, "attempt", send).handler().handle(call);
        } finally {
            if (used.compareAndSet(false, true)) {
                release(admission);
            }
        }
    }

    private static boolean admitted(long admission) {
        return admission != UNGUARDED && admission != CircuitBreaker.REFUSED;
    }

    /** Gives an admission back that has no outcome. */
    private void release(long admission) {
        if (admitted(admission)) {
            breaker.ignored(admission);
        }
    }

    @SuppressWarnings("ReferenceEquality") // only saves an allocation
    private ResponseMetadata metadata(ServiceResponse<?> response) {
        ResponseMetadata sent = response.metadata();
        return sent == ResponseMetadata.NONE ? plain : sent.instance(instance.id());
    }

    /** Sends a copy of a call whose response is discarded, through filters. */
    void copy(List<Step> filters, Call call) throws InterruptedException {
        new Pipeline(filters, "copy", this::copy).handler().handle(call);
    }

    private ServiceResponse<?> copy(Call call) throws InterruptedException {
        long start = runtime.time().nanoTime();
        load.begin();
        ServiceResponse<?> response = null;
        try {
            response = connection.handle(call);
            return response;
        } finally {
            long now = runtime.time().nanoTime();
            Fault fault = fault(response);
            measure(response, fault, start, now);
            if (response != null && (fault == null || fault.reached())) {
                runtime.events()
                        .emit(new Event.CallMirrored(call, instance.id(), response.withLatencyNanos(now - start)));
            }
        }
    }

    static @Nullable Fault fault(@Nullable ServiceResponse<?> response) {
        return response instanceof ServiceResponse.Failed<?> failed ? failed.fault() : null;
    }

    /** Updates the load; without a response the attempt was interrupted, which shows only how long it took at least. */
    private void measure(@Nullable ServiceResponse<?> response, @Nullable Fault fault, long start, long now) {
        if (response != null) {
            refusing = refused(fault);
        }
        if (fault != null && fault.isServiceFailure()) {
            // The conversion saturates, so that any retry delay is accepted.
            long retryAfter =
                    fault.retryAfter().map(TimeUnit.NANOSECONDS::convert).orElse(0L);
            if (fault.isInstanceFailure()) {
                load.failed(now, now - start, retryAfter);
            } else {
                load.refused(now, retryAfter);
            }
        } else if (fault != null && !fault.retryable()) {
            load.ignored(now, 0); // it shows nothing about the instance
        } else if (response == null || (fault != null && !fault.reached())) {
            load.ignored(now, now - start);
        } else {
            load.succeeded(now, now - start);
        }
    }

    void close() {
        connection.close();
    }
}
