package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.limit.Throttle;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import dev.treaty.resilience.retry.RetryBudget;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The policies that are in force in a guard at one moment, and the runtime of each that its level includes. A plan is
 * immutable. A guard whose policies change gets a new plan, which takes over every runtime whose policy is the same, so
 * that a breaker stays open and a bucket stays empty when another policy changes.
 */
public final class Plan {
    public final FaultTolerance tolerance;
    public final long deadlineNanos;
    public final @Nullable Retry retry;
    public final @Nullable CircuitBreaker breaker;
    public final @Nullable ConcurrencyLimiter concurrency;
    final long attemptNanos; // of an attempt that a retry may follow; unlimited if timeouts are not retried
    final TimeoutMode mode;
    final @Nullable Throttle throttle;
    final @Nullable RateLimiter rateLimiter;
    final long rateWaitNanos;
    final @Nullable Hedge hedge;

    private final String name;
    private final @Nullable Plan service;
    private @Nullable Refusals refusals;

    /**
     * A plan.
     *
     * @param service the plan of the service that this is an operation of, or null: an operation shares the runtimes of
     *     all policies that it has in common with its service
     * @param previous the plan that this one replaces, or null
     */
    public Plan(
            FaultTolerance tolerance, @Nullable Plan service, @Nullable Plan previous, GuardDependencies dependencies) {
        Time time = dependencies.runtime().time();
        RandomGenerator random = dependencies.runtime().random();
        var listener = dependencies.breakerListener();
        var known = new Known(tolerance, service, previous);
        boolean basic = tolerance.level().includes(IsolationLevel.BASIC);
        boolean enhanced = tolerance.level().includes(IsolationLevel.ENHANCED);
        boolean full = tolerance.level().includes(IsolationLevel.FULL);
        this.tolerance = tolerance;
        this.service = service;
        name = dependencies.name();
        deadlineNanos = tolerance.deadline().toNanos();
        attemptNanos =
                tolerance.retry().retriesTimeouts() ? tolerance.attemptTimeout().toNanos() : Long.MAX_VALUE;
        mode = basic ? tolerance.timeoutMode() : TimeoutMode.COOPERATIVE;
        retry = basic ? retry(tolerance.retry(), known, dependencies) : null;
        breaker = enhanced && listener != null
                ? known.or(
                        plan -> plan.breaker,
                        FaultTolerance::breaker,
                        () -> new CircuitBreaker(tolerance.breaker(), time, random, listener))
                : null;
        throttle = full
                ? known.or(
                        plan -> plan.throttle, FaultTolerance::throttle, () -> new Throttle(tolerance.throttle(), time))
                : null;
        var rate = full ? tolerance.rateLimit().orElse(null) : null;
        rateWaitNanos = rate == null ? 0 : rate.waitMax().toNanos();
        rateLimiter = rate == null
                ? null
                : known.or(plan -> plan.rateLimiter, FaultTolerance::rateLimit, () -> new RateLimiter(rate, time));
        concurrency = full ? concurrency(tolerance.concurrency(), known, time) : null;
        var hedging = full ? tolerance.hedge().orElse(null) : null;
        hedge = hedging == null
                ? null
                : known.without(plan -> plan.hedge)
                        .or(
                                plan -> plan.hedge,
                                FaultTolerance::hedge,
                                () -> new Hedge(hedging, dependencies.calls(), dependencies.watchdog(), time));
    }

    /**
     * A limiter adopts the new policy, since running calls count against the new limit. A limiter that an operation
     * shares with its service adopts the service's policy, so an operation with another policy gets one of its own.
     */
    private static ConcurrencyLimiter concurrency(ConcurrencyPolicy policy, Known known, Time time) {
        Plan service = known.service;
        if (service != null
                && service.concurrency != null
                && service.tolerance.concurrency().equals(policy)) {
            return service.concurrency;
        }
        Plan previous = known.without(plan -> plan.concurrency).previous;
        if (previous == null || previous.concurrency == null) {
            return new ConcurrencyLimiter(policy, time);
        }
        previous.concurrency.change(policy);
        return previous.concurrency;
    }

    private static Retry retry(RetryPolicy policy, Known known, GuardDependencies dependencies) {
        var runtime = dependencies.runtime();
        RetryBudget budget = known.without(Plan::budget)
                .or(
                        Plan::budget,
                        t -> List.of(t.retry().budget(), t.retry().budgetPerSecond()),
                        () -> new RetryBudget(
                                policy.budget(), policy.budgetPerSecond(), dependencies.calls(), runtime.time()));
        return new Retry(policy, budget, runtime.random());
    }

    private @Nullable RetryBudget budget() {
        return retry == null ? null : retry.budget();
    }

    /** The failures of refused attempts. */
    record Refusals(Failure open, Failure throttled, Failure saturated) {
        Refusals(String name) {
            this(
                    Failure.refused(Code.UNAVAILABLE, "the circuit breaker of " + name + " is open"),
                    Failure.refused(
                            Code.RESOURCE_EXHAUSTED, name + " rejects many calls, so the client did not send this one"),
                    Failure.refused(Code.RESOURCE_EXHAUSTED, "the concurrency limit of " + name + " is reached"));
        }
    }

    /** Returns the refusals, made once since overload refuses many calls. A race makes two that are equal. */
    Refusals refusals() {
        Refusals made = refusals;
        if (made == null) {
            made = new Refusals(name);
            refusals = made;
        }
        return made;
    }

    /** The plans from which a plan with this tolerance may take over runtimes. */
    private record Known(
            FaultTolerance tolerance,
            @Nullable Plan service,
            @Nullable Plan previous) {
        /** Returns the runtime of the service, else of the previous plan, if its policy is the same; else a new one. */
        <R, P> R or(Function<Plan, @Nullable R> runtime, Function<FaultTolerance, P> policy, Supplier<R> anew) {
            for (Plan plan : new @Nullable Plan[] {service, previous}) {
                R known = plan == null ? null : runtime.apply(plan);
                if (known != null && policy.apply(plan.tolerance).equals(policy.apply(tolerance))) {
                    return known;
                }
            }
            return anew.get();
        }

        /**
         * Excludes the previous plan if it shared that runtime with the service. A budget or limiter of the service
         * counts all of the service's calls, so an operation that stops sharing it starts with one of its own.
         */
        Known without(Function<Plan, @Nullable Object> runtime) {
            Plan before = previous;
            if (before == null || before.service == null) {
                return this;
            }
            Object own = runtime.apply(before);
            return own != null && own.equals(runtime.apply(before.service))
                    ? new Known(tolerance, service, null)
                    : this;
        }
    }
}
