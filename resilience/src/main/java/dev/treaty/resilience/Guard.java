package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.execution.Attempts;
import dev.treaty.resilience.execution.CallWork;
import dev.treaty.resilience.execution.CodeWork;
import dev.treaty.resilience.execution.ExceptionMapping;
import dev.treaty.resilience.execution.GuardDescription;
import dev.treaty.resilience.execution.Plan;
import dev.treaty.resilience.execution.PolicyWarnings;
import dev.treaty.resilience.execution.Work;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.internal.GuardCounters;
import dev.treaty.resilience.internal.Stripes;
import dev.treaty.resilience.timeout.Watchdog;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The ring around one service, or around any code that may fail: all policies of a {@link FaultTolerance} in the one
 * order that works, outermost first:
 *
 * <pre>
 * deadline, fallback, throttle, rate limit, concurrency limit, retry, hedge, breaker, timeout of the attempt
 * </pre>
 *
 * <p>Used alone it runs any code: {@code guard.call(() -> payments.charge(order))}. In Treaty's client the very same
 * steps run as {@linkplain #filter filters} of the pipeline; there each instance has a breaker of its own, since one
 * sick instance says nothing about the others.
 *
 * <p>A call that goes well reads the clock twice for all policies together, allocates nothing, and writes to no memory
 * that another processor writes to. Level and policies can be {@linkplain #apply changed} while calls run; what still
 * fits keeps its state.
 */
public final class Guard {
    /** The most attempts of {@link TimeoutMode#DETACH} that a guard has on threads of their own at a time. */
    public static final int DETACHED_MAX = 1_000;

    private static final System.Logger LOGGER = System.getLogger(Guard.class.getName());
    private static final long[] NOTHING = {};

    private final String name;
    private final boolean idempotent;
    private final Function<? super Exception, Fault> faults;
    private final Time time;
    private final RandomGenerator random;
    private final Plan.RuntimeDependencies ground;
    private final GuardCounters tally;
    private final CallWork calls;
    private final Attempts attempts;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Plan plan;
    private volatile Map<String, Guard> operations = Map.of();

    /** The guards of all operations that ever differed: what was counted there stays counted when they no longer do. */
    private volatile Map<String, Guard> counted = Map.of();

    private volatile List<Runnable> listeners = List.of();
    private volatile long[] forgotten = NOTHING;

    private Guard(Builder made) {
        this.name = made.name;
        this.idempotent = made.idempotent;
        this.faults = made.faults;
        this.time = made.time;
        this.random = made.random;
        this.tally = new GuardCounters(Stripes.count(time));
        this.calls = new CallWork(made.events);
        this.ground = new Plan.RuntimeDependencies(
                name, time, random, Watchdog.of(time), this::calls, made.breaker ? this::breakerChanged : null);
        this.attempts = new Attempts(faults, time, ground.watchdog(), tally);
        this.plan = new Plan(made.tolerance, null, null, ground);
    }

    /** The guard of an operation, on its service's ground but for the calls, with its service's plan at first. */
    private Guard(Guard service, String operation) {
        this.name = service.name + "/" + operation;
        this.idempotent = service.idempotent;
        this.faults = service.faults;
        this.time = service.time;
        this.random = service.random;
        this.tally = new GuardCounters(Stripes.count(time));
        this.calls = service.calls;
        this.ground = service.ground.with(tally::calls);
        this.attempts = new Attempts(faults, time, ground.watchdog(), tally);
        this.plan = service.plan;
    }

    /** A guard with these policies, on the machine's time, for work that is not known to be idempotent. */
    public static Guard of(String name, FaultTolerance tolerance) {
        return named(name).tolerance(tolerance).build();
    }

    /**
     * A guard in the making.
     *
     * @param name what it is listed by, formed as the name of a service
     * @throws IllegalArgumentException where the name is not legal
     */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** What a guard is made of. */
    public static final class Builder {
        private final String name;
        private FaultTolerance tolerance = FaultTolerance.DEFAULT;
        private boolean idempotent;
        private boolean breaker = true;
        private Function<? super Exception, Fault> faults = ExceptionMapping::of;
        private Time time = Time.system();
        private RandomGenerator random = RandomSource.system();
        private Events events = Events.NONE;

        private Builder(String name) {
            this.name = new ServiceName(name).value();
        }

        /** With these policies; {@link FaultTolerance#DEFAULT} where nothing is said. */
        public Builder tolerance(FaultTolerance policies) {
            tolerance = policies;
            return this;
        }

        /**
         * Doing the work twice has the effect of doing it once, so it may be tried again after any failure, and hedged.
         * Work that is not said to be so is only tried again where it surely did not run.
         */
        public Builder idempotent() {
            idempotent = true;
            return this;
        }

        /** What an exception of the work means: its code decides whether a breaker counts it and what follows. */
        public Builder faults(Function<? super Exception, Fault> meaning) {
            faults = meaning;
            return this;
        }

        /** On another time than the machine's: a test's, a simulation's. */
        public Builder time(Time other) {
            time = other;
            return this;
        }

        /** With another source of chance than the machine's. */
        public Builder random(RandomGenerator other) {
            random = other;
            return this;
        }

        /** Tells what happens there. */
        public Builder events(Events listener) {
            events = listener;
            return this;
        }

        /** Without a breaker of its own, because the work has one at each instance. */
        public Builder withoutBreaker() {
            breaker = false;
            return this;
        }

        /** The guard. */
        public Guard build() {
            return new Guard(this);
        }
    }

    // ------------------------------------------------------------------------------------------------ Running code

    /**
     * Runs a body of code under the guard.
     *
     * @return what the body returned
     * @throws X what the body threw in the last attempt
     * @throws ServiceException where the guard let nothing through, the time was up, or the calling thread was
     *     interrupted, whose flag is then set again
     */
    public <T extends @Nullable Object, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> body)
            throws X {
        return answer(outcome(CodeWork.INSTANCE, body));
    }

    /**
     * Runs a body of code under the guard, with a fallback from {@link IsolationLevel#ENHANCED}.
     *
     * @see #call(ScopedValue.CallableOp)
     */
    public <T, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> body, Fallback<T> fallback) throws X {
        Object outcome = outcome(CodeWork.INSTANCE, body);
        if (outcome instanceof Failure failure) {
            ServiceResponse<T> instead = applyFallback(failure, fallback);
            return instead != null ? instead.orThrow() : answer(outcome);
        }
        T answer = answer(outcome);
        tell(fallback, answer);
        return answer;
    }

    /**
     * Runs a body of code under the guard and gives what came of it as a value, which also says who answered: the body,
     * or which kind of fallback. Where the calling thread was interrupted, its flag is then set again.
     */
    public <T> ServiceResponse<T> respond(ScopedValue.CallableOp<? extends T, ?> body, Fallback<T> fallback) {
        long start = time.nanoTime();
        Object outcome = outcome(CodeWork.INSTANCE, body);
        ServiceResponse<T> response;
        if (outcome instanceof Failure failure) {
            if (failure.given() instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            ServiceResponse<T> instead = applyFallback(failure, fallback);
            response = instead != null ? instead : ServiceResponse.failed(failure.fault());
        } else {
            T answer = answer(outcome);
            tell(fallback, answer);
            response = ServiceResponse.ok(answer);
        }
        return response.withLatencyNanos(time.nanoTime() - start);
    }

    /**
     * Runs a body of code under the guard on a virtual thread of its own, in the context of the thread that calls this.
     * Cancelling the future interrupts the body.
     */
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(ScopedValue.CallableOp<? extends T, ?> body) {
        CallContext context = CallContext.currentOrNull();
        var future = new CompletableFuture<T>();
        Thread thread = Thread.ofVirtual().name("treaty-guard-" + name).unstarted(() -> {
            try {
                ScopedValue.CallableOp<T, Throwable> guarded = () -> this.<T, Throwable>call(body::call);
                future.complete(context == null ? guarded.call() : context.run(guarded));
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        var _ = future.whenComplete((_, _) -> {
            if (future.isCancelled()) {
                thread.interrupt();
            }
        });
        thread.start();
        return future;
    }

    private <W> @Nullable Object outcome(Work<W> trial, W work) {
        try {
            Plan now = plan;
            CallContext context = trial.context(work);
            long clock = time.nanoTime();
            return run(now, trial, work, context, clock, deadline(now, context, clock));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Failure.refused(Code.CANCELED, "the calling thread was interrupted");
        }
    }

    // The body is the only one who answers, or throws what is not ours: so an answer is of its type, null included.
    @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
    private static <T extends @Nullable Object, X extends Throwable> T answer(@Nullable Object outcome) throws X {
        if (!(outcome instanceof Failure failure)) {
            return (T) outcome;
        }
        if (failure.given() instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        } else if (failure.given() instanceof Throwable thrown) {
            throw (X) thrown;
        }
        throw ServiceException.withoutTrace(failure.fault());
    }

    // ------------------------------------------------------------------------------------------------- The pipeline

    /**
     * Returns the guard as a filter of a pipeline. It gives each call its deadline: that of its operation, or the one
     * it inherited if that is earlier.
     *
     * @param fallbacks returns the fallback of each call
     */
    public Filter filter(Function<? super Call, ? extends Fallback<Object>> fallbacks) {
        return Filter.wrapping(next -> call -> guard(call.operation()).handle(call, next, fallbacks));
    }

    private ServiceResponse<?> handle(
            Call given, Handler next, Function<? super Call, ? extends Fallback<Object>> fallbacks)
            throws InterruptedException {
        Plan now = plan;
        long clock = time.nanoTime();
        var deadline = new Deadline(deadline(now, given.context(), clock));
        Call call = given.with(given.context().within(deadline));
        Fallback<Object> fallback = fallbacks.apply(call);
        var passage = new CallWork.Passage(call, next);
        Object outcome = run(now, calls, passage, call.context(), clock, deadline.atNanos());
        if (!(outcome instanceof Failure failure)) {
            if (outcome instanceof ServiceResponse.Ok<?>(var value, var _, var _) && value != null) {
                tell(fallback, value);
            }
            return response(outcome);
        }
        if (failure.given() instanceof InterruptedException interrupted) {
            throw interrupted;
        }
        ServiceResponse<?> instead = applyFallback(failure, fallback);
        if (instead instanceof ServiceResponse.Ok<?> ok) {
            calls.events().emit(new Event.FallbackServed(passage.call(), failure.fault(), ok.origin()));
        }
        return instead != null
                ? instead
                : failure.given() == null ? ServiceResponse.failed(failure.fault()) : response(failure.given());
    }

    private static ServiceResponse<?> response(@Nullable Object given) {
        return given instanceof ServiceResponse<?> response
                ? response
                : ServiceResponse.failed(Code.INTERNAL, "the pipeline made a mistake");
    }

    private Guard guard(Operation operation) {
        Map<String, Guard> known = operations;
        return known.isEmpty() ? this : known.getOrDefault(operation.name(), this);
    }

    // ------------------------------------------------------------------------------------------------- The outer half

    /** The deadline of a call, in nanoseconds: that of the plan, or the one it inherited if that is earlier. */
    private static long deadline(Plan now, @Nullable CallContext context, long clock) {
        long deadline = clock + now.deadlineNanos;
        return context != null && context.deadline().atNanos() - deadline < 0
                ? context.deadline().atNanos()
                : deadline;
    }

    private <W> @Nullable Object run(
            Plan now, Work<W> trial, W work, @Nullable CallContext context, long clock, long deadline)
            throws InterruptedException {
        Object outcome = deadline - clock > 0 ? throttled(now, trial, work, context, clock, deadline) : Failure.LATE;
        tally.call();
        if (outcome instanceof Failure) {
            tally.add(GuardCounters.Count.FAILED);
        }
        return outcome;
    }

    private <W> @Nullable Object throttled(
            Plan now, Work<W> trial, W work, @Nullable CallContext context, long clock, long deadline)
            throws InterruptedException {
        Throttle throttle = now.throttle;
        if (throttle == null) {
            return limited(now, trial, work, context, clock, deadline);
        }
        if (!throttle.admits(clock, random)) {
            tally.add(GuardCounters.Count.THROTTLED);
            return now.throttled();
        }
        Object outcome = limited(now, trial, work, context, clock, deadline);
        if (!(outcome instanceof Failure failure)) {
            throttle.accepted(clock);
        } else if (!failure.refused()) {
            if (failure.fault().code() == Code.RESOURCE_EXHAUSTED) {
                throttle.rejected(clock);
            } else {
                throttle.accepted(clock);
            }
        }
        return outcome;
    }

    private <W> @Nullable Object limited(
            Plan now, Work<W> trial, W work, @Nullable CallContext context, long clock, long deadline)
            throws InterruptedException {
        long began = clock;
        RateLimiter rate = now.rateLimiter;
        if (rate != null) {
            long wait = rate.reserve(1, began, Math.min(now.rateWaitNanos, deadline - began));
            if (wait != 0) {
                if (wait < 0) {
                    return overRate(rate, began);
                }
                time.sleep(wait);
                began = time.nanoTime();
            }
        }
        boolean again = trial.idempotent(work, idempotent);
        ConcurrencyLimiter limiter = now.concurrency;
        if (limiter == null) {
            return attempts.run(now, trial, work, context, again, began, deadline);
        }
        Priority priority = context == null ? Priority.NORMAL : context.priority();
        if (!limiter.tryAcquire(priority)) {
            if (!limiter.acquire(priority, began, Math.min(now.concurrencyWaitNanos, deadline - began))) {
                tally.add(GuardCounters.Count.CONCURRENCY_LIMITED);
                return now.crowded();
            }
            began = time.nanoTime();
        }
        boolean dropped = true;
        try {
            Object outcome = attempts.run(now, trial, work, context, again, began, deadline);
            dropped = outcome instanceof Failure failure
                    && overloaded(failure.fault().code());
            return outcome;
        } finally {
            if (limiter.adaptive()) {
                limiter.release(began, time.nanoTime(), dropped);
            } else {
                limiter.release();
            }
        }
    }

    private Failure overRate(RateLimiter rate, long clock) {
        tally.add(GuardCounters.Count.RATE_LIMITED);
        var fault = Fault.unreached(Code.RESOURCE_EXHAUSTED, "the rate limit of " + name + " is reached")
                .retryAfter(Duration.ofNanos(rate.retryAfterNanos(1, clock)));
        return new Failure(fault, null, true);
    }

    private static boolean overloaded(Code code) {
        return code == Code.RESOURCE_EXHAUSTED || code == Code.DEADLINE_EXCEEDED || code == Code.UNAVAILABLE;
    }

    /** Tells a fallback of a good answer, which stays good whatever the fallback makes of it. */
    private <T> void tell(Fallback<T> fallback, T answer) {
        try {
            fallback.succeeded(answer);
        } catch (RuntimeException e) {
            LOGGER.log(
                    System.Logger.Level.WARNING, "A fallback of " + name + " could not take note of a good answer", e);
        }
    }

    /** The fallback's answer to a failure, or null where there is none and the failure stands. */
    private <T> @Nullable ServiceResponse<T> applyFallback(Failure failure, Fallback<T> fallback) {
        if (!plan.tolerance.level().includes(IsolationLevel.ENHANCED)
                || !failure.fault().code().blamesService()) {
            return null;
        }
        ServiceResponse<T> answer;
        try {
            answer = fallback.answer(failure.fault());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer = ServiceResponse.failed(ExceptionMapping.of(e));
        } catch (RuntimeException e) {
            answer = ServiceResponse.failed(ExceptionMapping.of(e));
        }
        if (answer instanceof ServiceResponse.Failed<T>(var second, var _)) {
            if (second.code() == Code.UNIMPLEMENTED) {
                return null;
            }
            tally.add(GuardCounters.Count.FALLBACKS_FAILED);
            Fault first = failure.fault();
            return ServiceResponse.failed(new Fault(
                    first.code(),
                    first.message() + "; the fallback failed too: " + second.message(),
                    first.reached(),
                    first.retryAfter()));
        }
        tally.add(GuardCounters.Count.FALLBACKS_SERVED);
        return answer;
    }

    // ------------------------------------------------------------------------------------------- Changing and looking

    /** What it is called. */
    public String name() {
        return name;
    }

    /** The policies in force. */
    public FaultTolerance tolerance() {
        return plan.tolerance;
    }

    /** The policies in force for that operation. */
    public FaultTolerance tolerance(Operation operation) {
        return guard(operation).plan.tolerance;
    }

    /** Puts other policies in force, for the calls from now on; what is the same as before keeps its state. */
    public void apply(FaultTolerance changed) {
        apply(new Policies(changed, policies().operations()));
    }

    /** Puts other policies in force for a service and for its operations. */
    public void apply(Policies changed) {
        lock.lock();
        try {
            Plan service = new Plan(changed.service(), null, plan, ground);
            var next = new TreeMap<String, Guard>();
            var all = new TreeMap<>(counted);
            changed.operations().forEach((operation, tolerance) -> {
                Guard known = operations.get(operation);
                Guard guard = all.computeIfAbsent(operation, _ -> new Guard(this, operation));
                Plan before = known == null ? new Plan(tolerance, plan, null, guard.ground) : known.plan;
                guard.plan = new Plan(tolerance, service, before, guard.ground);
                next.put(operation, guard);
            });
            counted = Map.copyOf(all);
            plan = service;
            operations = Map.copyOf(next);
        } finally {
            lock.unlock();
        }
        listeners.forEach(Runnable::run);
    }

    /** Tells a listener from now on that other policies have come into force, on the thread that put them there. */
    public void whenApplied(Runnable listener) {
        lock.lock();
        try {
            listeners = Stream.concat(listeners.stream(), Stream.of(listener)).toList();
        } finally {
            lock.unlock();
        }
    }

    /** Puts another level in force, for the service and all of its operations. */
    public void level(IsolationLevel level) {
        apply(policies().at(level));
    }

    /** The policies in force for the service, and for the operations that differ. */
    public Policies policies() {
        var own = new TreeMap<String, FaultTolerance>();
        operations.forEach((operation, guard) -> own.put(operation, guard.plan.tolerance));
        return new Policies(plan.tolerance, own);
    }

    private long calls() {
        long sum = tally.calls();
        for (Guard operation : counted.values()) {
            sum += operation.tally.calls();
        }
        return sum;
    }

    /** What has been counted, operations included. */
    public GuardStatistics statistics() {
        long[] sum = since();
        for (Guard operation : counted.values()) {
            long[] each = operation.since();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += each[i];
            }
        }
        return GuardStatistics.of(sum);
    }

    private long[] since() {
        long[] all = tally.all();
        long[] before = forgotten;
        for (int i = 0; i < before.length; i++) {
            all[i] -= before[i];
        }
        return all;
    }

    /** Closes the breaker and begins to count anew. */
    public void reset() {
        forgotten = tally.all();
        breaker().ifPresent(CircuitBreaker::reset);
        counted.values().forEach(Guard::reset);
    }

    /** Its own circuit breaker, where the level has one and breakers do not stand elsewhere. */
    public Optional<CircuitBreaker> breaker() {
        return Optional.ofNullable(plan.breaker);
    }

    /** Its concurrency limiter, where the level has one. */
    public Optional<ConcurrencyLimiter> concurrency() {
        return Optional.ofNullable(plan.concurrency);
    }

    /** How many retries are saved up, where the level has retries. */
    public Optional<Double> retryBudget() {
        return Optional.ofNullable(plan.retry).map(retry -> retry.budget().balance());
    }

    /** The steps in their order, with every parameter, and what in them contradicts itself. */
    public String describe() {
        return new GuardDescription(plan.tolerance, breakerHere()).print(name, warnings());
    }

    /** What in the policies contradicts itself, in one sentence each; nothing where all is well. */
    public List<String> warnings() {
        return PolicyWarnings.in(plan.tolerance, idempotent || !breakerHere());
    }

    private boolean breakerHere() {
        return ground.breaker() != null;
    }

    private void breakerChanged(CircuitBreaker.State before, CircuitBreaker.State after, String reason) {
        calls.events().emit(new Event.BreakerChanged(new ServiceName(name), "", before.name(), after.name(), reason));
    }
}
