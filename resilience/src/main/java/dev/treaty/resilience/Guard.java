package dev.treaty.resilience;

import dev.treaty.core.call.AsyncCall;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.resilience.execution.Execution;
import dev.treaty.resilience.execution.GuardDependencies;
import dev.treaty.resilience.execution.GuardDescription;
import dev.treaty.resilience.execution.Plan;
import dev.treaty.resilience.execution.PolicyWarnings;
import dev.treaty.resilience.execution.Work;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.internal.GuardCounters.Count;
import dev.treaty.resilience.internal.Stripes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Protects the calls of one service, or any code that may fail, by the policies of a {@link FaultTolerance} in one
 * fixed order, outermost first:
 *
 * <pre>
 * deadline, fallback, throttle, rate limit, concurrency limit, retry, hedge, breaker, timeout of the attempt
 * </pre>
 *
 * <p>Used alone it runs any code: {@code guard.call(() -> payments.charge(order))}. In Treaty's client the same steps
 * run as a {@linkplain #filter filter} of the pipeline; there each instance has a breaker of its own, because one
 * failing instance does not mean that the others fail.
 *
 * <p>A call that succeeds reads the clock twice for all policies together, allocates nothing, and writes to no memory
 * that another processor writes to. Level and policies can be {@linkplain #apply changed} while calls run; a policy
 * that stays the same keeps its state.
 */
public final class Guard {
    /** The maximum number of attempts of {@link TimeoutMode#DETACH} that a guard runs at a time. */
    public static final int DETACHED_MAX = 1_000;

    private final boolean idempotent;
    private final Work.Code codeWork;
    private final Work.Calls callWork;
    private final GuardDependencies dependencies;
    private final Time time;
    private final GuardCounters counters;
    private final Execution execution;
    private final Supplier<Map<String, CircuitBreaker>> instanceBreakers;
    private volatile List<Runnable> listeners = List.of();
    private volatile InForce inForce;

    /** The guards of all operations that ever had policies of their own: their counts remain when they have none. */
    private volatile Map<String, Guard> counted = Map.of();

    /**
     * What is in force until the next change: one reference, so that no call sees parts of two changes.
     *
     * @param plan of the service, and of each operation without policies of its own
     * @param operations the plans of the other operations
     */
    private record InForce(Plan plan, Map<String, Plan> operations) {
        Plan of(Operation operation) {
            return operations.isEmpty() ? plan : operations.getOrDefault(operation.name(), plan);
        }
    }

    private Guard(Builder builder) {
        this.idempotent = builder.idempotent;
        this.instanceBreakers = builder.instanceBreakers;
        this.codeWork = new Work.Code(builder.faults);
        this.callWork = new Work.Calls(builder.faults, builder.runtime.events());
        this.time = builder.runtime.time();
        this.counters = new GuardCounters(Stripes.count(time));
        this.dependencies = new GuardDependencies(
                builder.name,
                builder.runtime,
                Watchdog.of(time),
                builder.carrier,
                this::calls,
                builder.breaker ? this::breakerChanged : null);
        this.execution = new Execution(dependencies, counters);
        var settings = new GuardSettings(builder.tolerance, null);
        this.inForce = new InForce(new Plan(settings, null, null, dependencies), Map.of());
    }

    /** The guard of an operation, which counts its own calls and starts with the plan of its service. */
    private Guard(Guard service) {
        this.idempotent = service.idempotent;
        this.instanceBreakers = Map::of;
        this.codeWork = service.codeWork;
        this.callWork = service.callWork;
        this.time = service.time;
        this.counters = new GuardCounters(Stripes.count(time));
        GuardDependencies shared = service.dependencies;
        this.dependencies = new GuardDependencies(
                shared.name(),
                shared.runtime(),
                shared.watchdog(),
                shared.carrier(),
                counters::calls,
                shared.breakerListener());
        this.execution = new Execution(dependencies, counters);
        this.inForce = new InForce(service.inForce.plan, Map.of());
    }

    /** Returns a guard with these policies, on the system's clock, for work that is not known to be idempotent. */
    public static Guard of(String name, FaultTolerance tolerance) {
        return named(name).tolerance(tolerance).build();
    }

    /**
     * Returns a builder.
     *
     * @param name identifies the guard; formed like the name of a service
     * @throws IllegalArgumentException if the name is not legal
     */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** Builds a guard. */
    public static final class Builder {
        private final String name;
        private FaultTolerance tolerance = FaultTolerance.DEFAULT;
        private boolean idempotent;
        private boolean breaker = true;
        private Supplier<Map<String, CircuitBreaker>> instanceBreakers = Map::of;
        private @Nullable Function<? super Exception, Fault> faults;
        private ContextCarrier carrier = ContextCarrier.NONE;
        private RuntimeDependencies runtime = RuntimeDependencies.system(Events.NONE);

        private Builder(String name) {
            this.name = new ServiceName(name).value();
        }

        /** Sets the policies; without, they are {@link FaultTolerance#DEFAULT}. */
        public Builder tolerance(FaultTolerance policies) {
            tolerance = policies;
            return this;
        }

        /**
         * Declares that repeating the work has no further effect, so that it may be retried after any failure and
         * hedged. Other work is retried only if it certainly did not run.
         */
        public Builder idempotent() {
            idempotent = true;
            return this;
        }

        /**
         * Maps exceptions of the work to faults, whose codes decide about breaker, retry and fallback. It gets what the
         * work threw, not unwrapped. If it returns null or throws, the exception has the meaning that it has without a
         * mapping.
         */
        public Builder faults(Function<? super Exception, Fault> mapping) {
            faults = mapping;
            return this;
        }

        /**
         * Carries the context of the calling thread to the threads of detached attempts, hedges and asynchronous calls;
         * without, they have its {@link CallContext} and its inheritable thread-locals.
         */
        public Builder context(ContextCarrier carrying) {
            carrier = carrying;
            return this;
        }

        /** Replaces the system's clock and random numbers, for tests and simulations, and receives the events. */
        public Builder runtime(RuntimeDependencies dependencies) {
            runtime = dependencies;
            return this;
        }

        /** Leaves out the guard's own breaker, because each instance has one. */
        public Builder withoutBreaker() {
            return instanceBreakers(Map::of);
        }

        /**
         * Leaves out the guard's own breaker, because each instance has one.
         *
         * @param breakers returns the breakers of the current instances by the instances' ids
         */
        public Builder instanceBreakers(Supplier<Map<String, CircuitBreaker>> breakers) {
            breaker = false;
            instanceBreakers = breakers;
            return this;
        }

        public Guard build() {
            return new Guard(this);
        }
    }

    // ------------------------------------------------------------------------------------------------ Running code

    /**
     * Runs code under the guard.
     *
     * @return what the body returned
     * @throws X what the body threw in the last attempt. If the retry budget was used up, that is suppressed in it
     * @throws ServiceException if the guard refused the call, the deadline passed, or the calling thread was
     *     interrupted, whose interrupt flag is then set again. Its cause is what the body threw at that
     */
    public <T extends @Nullable Object, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> body)
            throws X {
        return resultOf(run(inForce.plan, body, time.nanoTime()));
    }

    /**
     * Runs code under the guard, with a fallback from {@link IsolationLevel#ENHANCED}.
     *
     * @throws ServiceException as without a fallback; or if the fallback failed too: its cause is what the body threw,
     *     and what the fallback threw is suppressed in it
     * @see #call(ScopedValue.CallableOp)
     */
    public <T, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> body, Fallback<T> fallback) throws X {
        Object outcome = answered(body, fallback, time.nanoTime());
        return resultOf(outcome instanceof Answer(var answer) ? answer.value() : outcome);
    }

    /**
     * Runs code under the guard and returns the outcome as a value, whose origin is the body or the kind of fallback
     * that answered. If the calling thread was interrupted, its interrupt flag is set again.
     */
    @SuppressWarnings("unchecked") // an answer is one of the fallback
    public <T> ServiceResponse<T> respond(ScopedValue.CallableOp<? extends T, ?> body, Fallback<T> fallback) {
        long start = time.nanoTime();
        Object outcome = answered(body, fallback, start);
        ServiceResponse<T> response = switch (outcome) {
            case Failure failure -> {
                if (failure.interrupted()) {
                    Thread.currentThread().interrupt();
                }
                yield ServiceResponse.failed(failure.fault());
            }
            case Answer(var answer) -> (ServiceResponse<T>) answer;
            case null, default -> ServiceResponse.ok(resultOf(outcome));
        };
        return response.withLatencyNanos(time.nanoTime() - start);
    }

    /**
     * Runs code under the guard on a virtual thread of its own, in the context of the calling thread. If the future is
     * completed before, by cancelling it or by its timeout, the body is interrupted.
     */
    @SuppressWarnings("unchecked") // what the body throws completes the future, unchanged
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(ScopedValue.CallableOp<? extends T, ?> body) {
        return AsyncCall.start(
                "treaty-guard-" + name(),
                dependencies.carrier(),
                () -> this.<T, Exception>call((ScopedValue.CallableOp<T, Exception>) body));
    }

    private @Nullable Object run(Plan current, ScopedValue.CallableOp<?, ?> body, long now) {
        CallContext context = CallContext.currentOrNull();
        try {
            return execution.run(current, codeWork, body, context, idempotent, now, deadline(current, context, now));
        } catch (InterruptedException e) {
            return Failure.canceled(e);
        }
    }

    /** What a fallback answered. */
    private record Answer(ServiceResponse.Ok<?> answer) {}

    /** Runs code; returns its result, the {@link Answer} of the fallback, or a {@link Failure}. */
    private <T> @Nullable Object answered(ScopedValue.CallableOp<? extends T, ?> body, Fallback<T> fallback, long now) {
        Plan current = inForce.plan;
        Object outcome = run(current, body, now);
        if (outcome instanceof Failure failure) {
            CallContext context = CallContext.currentOrNull();
            return applyFallback(current, failure, fallback, context, deadline(current, context, now));
        }
        notifyFallback(fallback, Guard.<T, RuntimeException>resultOf(outcome));
        return outcome;
    }

    /** Returns when a call must be over: at the deadline of its policies, or at an earlier one that it inherited. */
    private static long deadline(Plan current, @Nullable CallContext context, long now) {
        long own = now + current.deadlineNanos;
        long inherited = context == null ? own : context.deadline().atNanos();
        return inherited - own < 0 ? inherited : own;
    }

    // A result that is no failure comes from the body, and so does an exception: both are of the body's types.
    @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
    private static <T extends @Nullable Object, X extends Throwable> T resultOf(@Nullable Object outcome) throws X {
        if (!(outcome instanceof Failure failure)) {
            return (T) outcome;
        }
        if (failure.cause() instanceof InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw ServiceException.withoutTrace(failure.fault(), interrupt);
        }
        if (failure.cause() instanceof Throwable thrown) {
            throw (X) thrown;
        }
        throw ServiceException.withoutTrace(failure.fault());
    }

    // ------------------------------------------------------------------------------------------------- The pipeline

    /**
     * Returns the guard as a filter of a pipeline. It shortens the deadline of each call to that of its operation.
     *
     * @param fallbacks returns the fallback of a call, by the policy that is in force for its operation
     */
    public Filter filter(BiFunction<? super Call, ? super FallbackPolicy, ? extends Fallback<Object>> fallbacks) {
        return (received, next) -> {
            InForce all = inForce;
            Plan current = all.of(received.operation());
            Guard guard = guard(all, current, received.operation());
            received.context().record().settings(current.settings);
            long now = time.nanoTime();
            long deadline = deadline(current, received.context(), now);
            CallContext context = received.context().within(new Deadline(deadline));
            Call call = received.with(context);
            Fallback<Object> fallback = fallbacks.apply(call, current.tolerance.fallback());
            var passage = new Work.Calls.Passage(call, next);
            Object outcome = guard.execution.run(
                    current, callWork, passage, context, call.operation().idempotent(), now, deadline);
            if (outcome instanceof Failure failure) {
                return guard.failed(current, call, failure, fallback, deadline);
            }
            if (outcome instanceof ServiceResponse.Ok<?>(var value, var _, var _, var _) && value != null) {
                notifyFallback(fallback, value);
            }
            return response(outcome);
        };
    }

    private ServiceResponse<?> failed(
            Plan current, Call call, Failure failure, Fallback<Object> fallback, long deadline)
            throws InterruptedException {
        if (failure.cause() instanceof InterruptedException interrupted) {
            throw interrupted;
        }
        Object outcome = applyFallback(current, failure, fallback, null, deadline);
        if (outcome instanceof Answer(var answer)) {
            callWork.events().emit(new Event.FallbackServed(call, failure.fault(), answer.origin()));
            return answer;
        }
        Failure last = outcome instanceof Failure other ? other : failure;
        return last.cause() == null || last.cause() instanceof ServiceException
                ? ServiceResponse.failed(last.fault())
                : response(last.cause());
    }

    private static ServiceResponse<?> response(@Nullable Object outcome) {
        return outcome instanceof ServiceResponse<?> response
                ? response
                : ServiceResponse.failed(Code.INTERNAL, "internal error in the client's pipeline");
    }

    /** Returns the guard that counts the calls of an operation. */
    @SuppressWarnings("ReferenceEquality") // an operation without policies of its own has the plan of the service
    private Guard guard(InForce all, Plan current, Operation operation) {
        return current == all.plan ? this : counted.getOrDefault(operation.name(), this);
    }

    // ------------------------------------------------------------------------------------------------- Fallbacks

    /** Passes a result to a fallback; the result stays valid even if the fallback throws. */
    private <T> void notifyFallback(Fallback<T> fallback, T result) {
        try {
            fallback.succeeded(result);
        } catch (Throwable e) {
            BackgroundThread.report("a fallback of " + name(), Events.NONE, e);
        }
    }

    /**
     * Returns the {@link Answer} of a fallback to a failure, the failure itself if there is none, or a failure of both.
     *
     * @param context the context of the thread that makes the call, if it is plain code
     * @param deadline when the call must be over
     */
    private Object applyFallback(
            Plan current, Failure failure, Fallback<?> fallback, @Nullable CallContext context, long deadline) {
        Fault first = failure.fault();
        if (!current.tolerance.level().includes(IsolationLevel.ENHANCED) || !first.isServiceFailure()) {
            return failure;
        }
        Object outcome;
        try {
            outcome = execution.fallback(current, fallback, first, context, deadline);
        } catch (InterruptedException e) {
            outcome = Failure.canceled(e);
        } catch (Throwable e) {
            counters.add(Count.FALLBACKS_FAILED);
            if (failure.cause() instanceof Throwable original) {
                Failure.suppress(e, original);
            }
            throw e;
        }
        if (outcome instanceof ServiceResponse.Ok<?> answer) {
            counters.add(Count.FALLBACKS_SERVED);
            return new Answer(answer);
        }
        Failure second = switch (outcome) {
            case Failure thrown -> thrown;
            case ServiceResponse.Failed<?>(var fault, var _, var _) -> Failure.of(fault, null);
            case null, default -> Failure.of(Fallback.NO_ANSWER, null);
        };
        if (second.interrupted()) {
            Thread.currentThread().interrupt();
        }
        if (second.fault().code() == Code.UNIMPLEMENTED) {
            return failure;
        }
        counters.add(Count.FALLBACKS_FAILED);
        return failure.withFailedFallback(second);
    }

    // ------------------------------------------------------------------------------------------- Changes and state

    public String name() {
        return dependencies.name();
    }

    /** The policies in force for the service. */
    public FaultTolerance tolerance() {
        return inForce.plan.tolerance;
    }

    /** Changes the service's policies from the next call on. A policy that stays the same keeps its state. */
    public void apply(FaultTolerance changed) {
        change(current -> new Policies(changed, current.operations()));
    }

    /** Changes the policies of the service and of its operations. */
    public void apply(Policies changed) {
        change(_ -> changed);
    }

    /**
     * Changes the policies of the service and of its operations, and at the same moment what the steps after the guard
     * apply: each call gets both from the same change.
     *
     * @param attachment passed to each call in its {@link GuardSettings}; it stays when policies change without one
     */
    public void apply(Policies changed, Object attachment) {
        change(_ -> changed, _ -> attachment);
    }

    /** Changes only what the steps after the guard apply; the policies stay as they are. */
    public void attach(Object attachment) {
        change(UnaryOperator.identity(), _ -> attachment);
    }

    private void change(UnaryOperator<Policies> change) {
        change(change, UnaryOperator.identity());
    }

    private void change(UnaryOperator<Policies> change, UnaryOperator<@Nullable Object> attachment) {
        synchronized (this) { // the policies are read there too, so that of concurrent changes none is lost
            replace(change.apply(policies()), attachment.apply(inForce.plan.settings.attachment()));
        }
        for (Runnable listener : listeners) {
            try {
                listener.run();
            } catch (Throwable e) { // which affects neither the change nor the other listeners
                BackgroundThread.report("a listener of changed policies", Events.NONE, e);
            }
        }
    }

    private void replace(Policies changed, @Nullable Object attachment) {
        Plan before = inForce.plan;
        Plan service = new Plan(new GuardSettings(changed.service(), attachment), null, before, dependencies);
        var next = new TreeMap<String, Plan>();
        var all = new TreeMap<>(counted);
        changed.operations().forEach((operation, tolerance) -> {
            Guard known = all.get(operation); // also if it has no policies of its own at present
            Guard guard = known == null ? new Guard(this) : known;
            all.put(operation, guard);
            var settings = new GuardSettings(tolerance, attachment);
            Plan previous = known == null ? new Plan(settings, before, null, guard.dependencies) : known.inForce.plan;
            Plan plan = new Plan(settings, service, previous, guard.dependencies);
            guard.inForce = new InForce(plan, Map.of());
            next.put(operation, plan);
        });
        counted = Map.copyOf(all); // first, so that a call finds the guard of its operation
        inForce = new InForce(service, Map.copyOf(next));
    }

    /** Adds a listener that runs after each change of policies, on the thread that made the change. */
    public synchronized void whenApplied(Runnable listener) {
        listeners = Stream.concat(listeners.stream(), Stream.of(listener)).toList();
    }

    /** Changes the isolation level of the service and of all its operations. */
    public void level(IsolationLevel level) {
        change(current -> current.at(level));
    }

    /** The policies in force for the service and for the operations that differ. */
    public Policies policies() {
        var own = new TreeMap<String, FaultTolerance>();
        InForce all = inForce;
        all.operations.forEach((operation, plan) -> own.put(operation, plan.tolerance));
        return new Policies(all.plan.tolerance, own);
    }

    private long calls() {
        return counters.calls()
                + counted.values().stream()
                        .mapToLong(guard -> guard.counters.calls())
                        .sum();
    }

    /** The counters of the service, operations included. */
    public GuardStatistics statistics() {
        var sums = new long[GuardCounters.COUNTS];
        counters.addTo(sums);
        counted.values().forEach(operation -> operation.counters.addTo(sums));
        return GuardStatistics.of(sums);
    }

    /** Closes the breaker, or those of the instances, and sets the counters to zero. */
    public void reset() {
        counters.reset();
        breaker().ifPresent(CircuitBreaker::reset);
        instanceBreakers().values().forEach(CircuitBreaker::reset);
        counted.values().forEach(Guard::reset);
    }

    /** The guard's own circuit breaker, if the level includes one and instances have none. */
    public Optional<CircuitBreaker> breaker() {
        return Optional.ofNullable(inForce.plan.breaker);
    }

    /** The circuit breakers of the current instances by the instances' ids; empty if the guard has one of its own. */
    public Map<String, CircuitBreaker> instanceBreakers() {
        return instanceBreakers.get();
    }

    /** The concurrency limiter, if the level includes one. */
    public Optional<ConcurrencyLimiter> concurrency() {
        return Optional.ofNullable(inForce.plan.concurrency);
    }

    /** The number of retries that the budget allows now, if the level includes retries. */
    public Optional<Double> retryBudget() {
        return Optional.ofNullable(inForce.plan.retry)
                .map(retry -> retry.budget().balance());
    }

    /** Describes the steps in their order with every parameter, and the contradictions among the policies. */
    public String describe() {
        return new GuardDescription(inForce.plan.tolerance, ownsBreaker()).print(name(), warnings());
    }

    /** Returns the contradictions among the policies, one sentence each. */
    public List<String> warnings() {
        return PolicyWarnings.in(inForce.plan.tolerance, idempotent || !ownsBreaker());
    }

    private boolean ownsBreaker() {
        return dependencies.breakerListener() != null;
    }

    private void breakerChanged(CircuitBreaker.State before, CircuitBreaker.State after, String reason) {
        callWork.events()
                .emit(new Event.BreakerChanged(new ServiceName(name()), "", before.name(), after.name(), reason));
    }
}
