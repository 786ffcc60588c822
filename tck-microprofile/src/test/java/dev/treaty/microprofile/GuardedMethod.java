package dev.treaty.microprofile;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.Jitter;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.TimeoutMode;
import jakarta.interceptor.InvocationContext;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.microprofile.faulttolerance.Asynchronous;
import org.eclipse.microprofile.faulttolerance.Bulkhead;
import org.eclipse.microprofile.faulttolerance.CircuitBreaker;
import org.eclipse.microprofile.faulttolerance.Fallback;
import org.eclipse.microprofile.faulttolerance.Retry;
import org.eclipse.microprofile.faulttolerance.Timeout;
import org.eclipse.microprofile.faulttolerance.exceptions.BulkheadException;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.eclipse.microprofile.faulttolerance.exceptions.FaultToleranceDefinitionException;
import org.eclipse.microprofile.faulttolerance.exceptions.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A method of a bean with a guard for each of its annotations, nested in the order of the specification. That is not
 * the order of one guard: the specification's bulkhead is inside its retries.
 */
final class GuardedMethod {
    /** The longest duration of a policy. */
    private static final Duration FOR_EVER = Duration.ofDays(1);

    /** The method, or the method with some of its layers. */
    @FunctionalInterface
    interface Work {
        @Nullable
        Object run() throws Exception;
    }

    @FunctionalInterface
    private interface Layer {
        @Nullable
        Object around(Work work, Invocation invocation) throws Exception;
    }

    private final Class<?> returns;
    private final boolean asynchronous;

    /** The innermost first. */
    private final List<Layer> layers = new ArrayList<>();

    private GuardedMethod(Class<?> bean, Method method) {
        returns = method.getReturnType();
        asynchronous = Settings.of(bean, method, Asynchronous.class).isPresent();
        if (asynchronous && returns != Future.class && returns != CompletionStage.class) {
            throw new FaultToleranceDefinitionException(
                    method + " is asynchronous and returns neither a Future nor a CompletionStage");
        }
        String name = bean.getSimpleName() + "." + method.getName();
        Settings.of(bean, method, Bulkhead.class).map(this::bulkhead).ifPresent(layers::add);
        Settings.of(bean, method, Timeout.class)
                .flatMap(found -> timeout(name, found))
                .ifPresent(layers::add);
        Settings.of(bean, method, CircuitBreaker.class)
                .map(found -> breaker(name, found))
                .ifPresent(layers::add);
        Settings.of(bean, method, Retry.class).map(found -> retry(name, found)).ifPresent(layers::add);
        Settings.of(bean, method, Fallback.class)
                .map(found -> fallback(name, found, FallbackCall.of(found, bean, method)))
                .ifPresent(layers::add);
    }

    /** @throws FaultToleranceDefinitionException if the annotations are invalid */
    static GuardedMethod of(Class<?> bean, Method method) {
        try {
            return new GuardedMethod(bean, method);
        } catch (IllegalArgumentException e) {
            // Policies validate themselves.
            throw new FaultToleranceDefinitionException(method + ": " + e.getMessage(), e);
        }
    }

    boolean isGuarded() {
        return asynchronous || !layers.isEmpty();
    }

    // ---------------------------------------------------------------------------------------------------- The layers

    private Layer bulkhead(Settings found) {
        var policy = ConcurrencyPolicy.fixed(found.number("value"));
        int queue = found.number("waitingTaskQueue");
        if (queue < 0) {
            throw new IllegalArgumentException("waitingTaskQueue is " + queue);
        }
        var waiting = new ConcurrencyPolicy(policy.adaptive(), policy.limit(), queue, FOR_EVER);
        var limiter = new ConcurrencyLimiter(asynchronous ? waiting : policy, Time.system());
        return (work, invocation) -> {
            boolean admitted = asynchronous ? limiter.acquire(FOR_EVER) : limiter.tryAcquire();
            if (!admitted) {
                throw new BulkheadException("the bulkhead is full");
            }
            try {
                return work.run();
            } finally {
                limiter.release();
            }
        };
    }

    private Optional<Layer> timeout(String name, Settings found) {
        Duration time = found.time("value", "unit");
        if (time.isZero()) {
            return Optional.empty();
        }
        TimeoutMode mode = asynchronous ? TimeoutMode.DETACH : TimeoutMode.INTERRUPT;
        Guard guard = Guard.named(name)
                .tolerance(FaultTolerance.of(IsolationLevel.BASIC)
                        .with(RetryPolicy.NONE)
                        .withTimeouts(time, time, mode))
                .build();
        return Optional.of((work, invocation) -> guarded(guard, work));
    }

    private Layer breaker(String name, Settings found) {
        Duration delay = atLeastANano(found.time("delay", "delayUnit"));
        int calls = found.number("requestVolumeThreshold");
        if (calls < 1) {
            throw new IllegalArgumentException("requestVolumeThreshold is " + calls);
        }
        var policy = new CircuitBreakerPolicy(
                Integer.MAX_VALUE,
                (Double) found.value("failureRatio"),
                1,
                FOR_EVER,
                calls,
                FOR_EVER,
                calls,
                delay,
                delay,
                found.number("successThreshold"),
                CircuitBreakerPolicy.Forced.NONE);
        Guard guard = Guard.named(name)
                .tolerance(FaultTolerance.of(IsolationLevel.ENHANCED)
                        .with(RetryPolicy.NONE)
                        .with(policy)
                        .withDeadline(FOR_EVER))
                .faults(thrown -> fault(found.counts("failOn", "skipOn", thrown)))
                // The specification has no jitter of a breaker's open time, so the random numbers are constant.
                .runtime(new RuntimeDependencies(Time.system(), () -> 0, Events.NONE))
                .build();
        return (work, invocation) -> guarded(guard, work);
    }

    private Layer retry(String name, Settings found) {
        int retries = found.number("maxRetries");
        Duration delay = found.time("delay", "delayUnit");
        Duration jitter = found.time("jitter", "jitterDelayUnit");
        Duration longest = found.time("maxDuration", "durationUnit");
        if (!longest.isZero() && longest.compareTo(delay) <= 0) {
            throw new IllegalArgumentException("maxDuration is not longer than delay");
        }
        var policy = new RetryPolicy(
                retries == -1 ? RetryPolicy.ATTEMPTS_MAX : Math.min(retries, RetryPolicy.ATTEMPTS_MAX - 1) + 1,
                Duration.ofNanos(1),
                Duration.ofNanos(1),
                1,
                Jitter.FULL,
                List.of(Code.UNAVAILABLE),
                1,
                1_000_000);
        Guard guard = Guard.named(name)
                .tolerance(FaultTolerance.of(IsolationLevel.BASIC)
                        .with(policy)
                        .withTimeouts(longest.isZero() ? FOR_EVER : longest, FOR_EVER, TimeoutMode.COOPERATIVE))
                .idempotent()
                // The specification's jitter also shortens the delay, so the fault contains the time of the retry.
                .faults(thrown ->
                        fault(found.counts("retryOn", "abortOn", thrown)).retryAfter(spread(delay, jitter)))
                .build();
        return (work, invocation) -> guarded(guard, () -> {
            invocation.stopIfCancelled();
            return work.run();
        });
    }

    private Layer fallback(String name, Settings found, FallbackCall fallback) {
        Guard guard = Guard.named(name)
                .tolerance(FaultTolerance.of(IsolationLevel.ENHANCED)
                        .with(RetryPolicy.NONE)
                        .withDeadline(FOR_EVER))
                .withoutBreaker()
                .faults(thrown -> fault(found.counts("applyOn", "skipOn", thrown)))
                .build();
        return (work, invocation) -> {
            var last = new Answer[] {new Answer(null, null)};
            Answer answer = guard.call(
                    () -> {
                        last[0] = Answer.of(work);
                        return last[0].orThrow();
                    },
                    fault -> ServiceResponse.ok(
                            Answer.of(() -> result(fallback.call(invocation.context(), last[0].thrown()))),
                            Origin.ALTERNATIVE));
            return answer.orThrow().value();
        };
    }

    /** The outcome of work: a value, which may be null, or an exception. */
    private record Answer(@Nullable Object value, @Nullable Exception thrown) {
        static Answer of(Work work) {
            try {
                return new Answer(work.run(), null);
            } catch (Exception e) {
                return new Answer(null, e);
            }
        }

        Answer orThrow() throws Exception {
            if (thrown != null) {
                throw thrown;
            }
            return this;
        }
    }

    private static Fault fault(boolean counts) {
        return Fault.of(counts ? Code.UNAVAILABLE : Code.FAILED_PRECONDITION, "of the method");
    }

    private static Duration spread(Duration delay, Duration jitter) {
        long most = jitter.toNanos();
        long nanos = delay.toNanos() + ThreadLocalRandom.current().nextLong(-most, most + 1);
        return Duration.ofNanos(Math.max(0, nanos));
    }

    private static Duration atLeastANano(Duration time) {
        return time.isZero() ? Duration.ofNanos(1) : time;
    }

    /** Runs work under a guard, whose refusals become exceptions of the specification. */
    private static @Nullable Object guarded(Guard guard, Work work) throws Exception {
        try {
            return guard.<@Nullable Object, Exception>call(work::run);
        } catch (ServiceException e) {
            switch (e.fault().code()) {
                case DEADLINE_EXCEEDED -> throw new TimeoutException(e.getMessage(), e);
                case UNAVAILABLE -> throw new CircuitBreakerOpenException(e.getMessage(), e);
                default -> throw e;
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- A call

    @SuppressWarnings("FutureReturnValueIgnored") // the future is for the caller of the method
    @Nullable
    Object call(InvocationContext context) throws Exception {
        if (!asynchronous) {
            return run(new Invocation(context, null));
        }
        var future = new AsynchronousResult();
        var invocation = new Invocation(context, future);
        future.start(() -> {
            Object value = run(invocation);
            return value instanceof Future<?> result && returns == Future.class ? join(result) : value;
        });
        return future;
    }

    private @Nullable Object run(Invocation invocation) throws Exception {
        Work work = () -> {
            invocation.stopIfCancelled();
            return result(invocation.proceed());
        };
        for (Layer layer : layers) {
            Work inner = work;
            work = () -> layer.around(inner, invocation);
        }
        return work.run();
    }

    /** Waits for a stage, which is part of the method's work; a future is not. */
    private @Nullable Object result(@Nullable Object returned) throws Exception {
        return asynchronous && returned instanceof CompletionStage<?> stage && returns == CompletionStage.class
                ? join(stage.toCompletableFuture())
                : returned;
    }

    private static @Nullable Object join(Future<?> result) throws Exception {
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** One call of a method, and the future of its caller; null if the caller waits. */
    private record Invocation(
            InvocationContext context, @Nullable AsynchronousResult future) {
        @Nullable
        Object proceed() throws Exception {
            return future == null ? context.proceed() : RequestContext.within(context::proceed);
        }

        void stopIfCancelled() {
            if (future != null && future.isCancelled()) {
                throw new CancellationException();
            }
        }
    }
}
