package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.GuardSettings;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.limit.Throttle;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import dev.treaty.resilience.retry.RetryBudget;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The policies that are in force in a guard at one moment, and the runtime of each that its level includes. A plan is
 * immutable. A guard whose policies change gets a new plan, which takes over every runtime whose policy is the same, so
 * that a breaker stays open and a bucket stays empty when another policy changes. It keeps the runtimes that its level
 * excludes, for the time when it includes them again: calls that are running then still hold their permits.
 */
public final class Plan {
    /** The policies, with what the steps after the guard apply. */
    public final GuardSettings settings;

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
    private final Runtimes runtimes;
    private @Nullable Refusals refusals;

    /** What has been created for policies, whether or not the level includes them. */
    private record Runtimes(
            @Nullable RetryBudget budget,
            @Nullable CircuitBreaker breaker,
            @Nullable Throttle throttle,
            @Nullable RateLimiter rateLimiter,
            @Nullable ConcurrencyLimiter concurrency,
            @Nullable Hedge hedge) {}

    /**
     * A plan.
     *
     * @param service the plan of the service that this is an operation of, or null: an operation shares the runtimes of
     *     all policies that it has in common with its service
     * @param previous the plan that this one replaces, or null
     */
    public Plan(
            GuardSettings settings, @Nullable Plan service, @Nullable Plan previous, GuardDependencies dependencies) {
        FaultTolerance tolerance = settings.tolerance();
        var known = new Known(tolerance, service, previous);
        boolean basic = tolerance.level().includes(IsolationLevel.BASIC);
        boolean enhanced = tolerance.level().includes(IsolationLevel.ENHANCED);
        boolean full = tolerance.level().includes(IsolationLevel.FULL);
        this.settings = settings;
        this.tolerance = tolerance;
        this.service = service;
        name = dependencies.name();
        deadlineNanos = tolerance.deadline().toNanos();
        attemptNanos =
                tolerance.retry().retriesTimeouts() ? tolerance.attemptTimeout().toNanos() : Long.MAX_VALUE;
        mode = basic ? tolerance.timeoutMode() : TimeoutMode.COOPERATIVE;
        Time time = dependencies.runtime().time();
        RandomGenerator random = dependencies.runtime().random();
        runtimes = new Runtimes(
                known.without(Runtimes::budget)
                        .or(
                                basic,
                                Runtimes::budget,
                                t -> List.of(t.retry().budget(), t.retry().budgetPerSecond()),
                                _ -> budget(tolerance.retry(), dependencies)),
                breaker(enhanced, known, dependencies),
                known.or(full, Runtimes::throttle, FaultTolerance::throttle, policy -> new Throttle(policy, time)),
                known.or(
                        full,
                        Runtimes::rateLimiter,
                        t -> t.rateLimit()
                                .map(policy -> policy.withWaitMax(Duration.ZERO))
                                .orElse(null),
                        policy -> new RateLimiter(policy, time)),
                concurrency(tolerance.concurrency(), full, known, time),
                known.without(Runtimes::hedge)
                        .or(
                                full,
                                Runtimes::hedge,
                                t -> t.hedge().orElse(null),
                                policy -> new Hedge(
                                        policy,
                                        dependencies.calls(),
                                        dependencies.watchdog(),
                                        dependencies.carrier(),
                                        time)));
        retry = basic && runtimes.budget != null ? new Retry(tolerance.retry(), runtimes.budget, random) : null;
        breaker = enhanced ? runtimes.breaker : null;
        throttle = full ? runtimes.throttle : null;
        rateWaitNanos =
                tolerance.rateLimit().map(rate -> rate.waitMax().toNanos()).orElse(0L);
        rateLimiter = full ? runtimes.rateLimiter : null;
        concurrency = full ? runtimes.concurrency : null;
        hedge = full ? runtimes.hedge : null;
    }

    /** A breaker with another policy starts closed, but what an operator has forced stays. */
    private static @Nullable CircuitBreaker breaker(boolean inForce, Known known, GuardDependencies dependencies) {
        var listener = dependencies.breakerListener();
        if (listener == null) {
            return null;
        }
        var runtime = dependencies.runtime();
        Plan previous = known.previous;
        CircuitBreaker before = previous == null ? null : previous.runtimes.breaker;
        return known.or(
                inForce || before != null,
                Runtimes::breaker,
                FaultTolerance::breaker,
                policy -> before == null
                        ? new CircuitBreaker(policy, runtime.time(), runtime.random(), listener)
                        : before.with(policy));
    }

    /**
     * A limiter adopts the new policy, since running calls count against the new limit. A limiter that an operation
     * shares with its service adopts the service's policy, so an operation with another policy gets one of its own.
     */
    private static @Nullable ConcurrencyLimiter concurrency(
            ConcurrencyPolicy policy, boolean inForce, Known known, Time time) {
        Plan service = known.service;
        if (service != null
                && service.runtimes.concurrency != null
                && service.tolerance.concurrency().equals(policy)) {
            return service.runtimes.concurrency;
        }
        Plan previous = known.without(Runtimes::concurrency).previous;
        ConcurrencyLimiter before = previous == null ? null : previous.runtimes.concurrency;
        if (before == null) {
            return inForce ? new ConcurrencyLimiter(policy, time) : null;
        }
        before.change(policy);
        return before;
    }

    private static RetryBudget budget(RetryPolicy policy, GuardDependencies dependencies) {
        return new RetryBudget(
                policy.attempts() - 1,
                policy.budget(),
                policy.budgetPerSecond(),
                dependencies.calls(),
                dependencies.runtime().time());
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
        /**
         * Returns the runtime of the service, else of the previous plan, if its policy is the same; else a new one if
         * there is a policy and it is in force.
         */
        <R, P> @Nullable R or(
                boolean inForce,
                Function<Runtimes, @Nullable R> runtime,
                Function<FaultTolerance, @Nullable P> policyOf,
                Function<P, R> anew) {
            P policy = policyOf.apply(tolerance);
            if (policy == null) {
                return null;
            }
            for (Plan plan : new @Nullable Plan[] {service, previous}) {
                R known = plan == null ? null : runtime.apply(plan.runtimes);
                if (known != null && policy.equals(policyOf.apply(plan.tolerance))) {
                    return known;
                }
            }
            return inForce ? anew.apply(policy) : null;
        }

        /**
         * Excludes the previous plan if it shared that runtime with the service. A budget or limiter of the service
         * counts all of the service's calls, so an operation that stops sharing it starts with one of its own.
         */
        Known without(Function<Runtimes, @Nullable Object> runtime) {
            Plan before = previous;
            if (before == null || before.service == null) {
                return this;
            }
            Object own = runtime.apply(before.runtimes);
            return own != null && own.equals(runtime.apply(before.service.runtimes))
                    ? new Known(tolerance, service, null)
                    : this;
        }
    }
}
