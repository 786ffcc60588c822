package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.RetryBudget;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.Throttle;
import dev.treaty.resilience.TimeoutMode;
import dev.treaty.resilience.internal.Failure;
import dev.treaty.resilience.retry.Hedge;
import dev.treaty.resilience.retry.Retry;
import dev.treaty.resilience.timeout.Watchdog;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What is in force in a guard at one moment: its policies, and the runtime of each that its level includes. A plan is
 * never changed. A guard whose policies change gets a new one, in which every runtime lives on whose policy is the
 * same, so that a breaker stays open and a bucket stays empty over a change elsewhere.
 */
public final class Plan {
    /**
     * What runtimes are made of.
     *
     * @param name of the guard, for its refusals
     * @param calls how many calls the guard has seen, which is what budgets are earned by: those of a service and all
     *     of its operations, or those of one operation alone
     * @param breaker told of the guard's own breaker; null where breakers stand elsewhere, at each instance
     */
    public record RuntimeDependencies(
            String name,
            Time time,
            RandomGenerator random,
            Watchdog watchdog,
            LongSupplier calls,
            CircuitBreaker.@Nullable Listener breaker) {
        /** The same, counting other calls. */
        public RuntimeDependencies with(LongSupplier others) {
            return new RuntimeDependencies(name, time, random, watchdog, others, breaker);
        }
    }

    public final FaultTolerance tolerance;
    public final long deadlineNanos;
    final long attemptNanos; // of one that another may follow; no limit where another cannot mend that
    final TimeoutMode mode;
    public final @Nullable Retry retry;
    public final @Nullable CircuitBreaker breaker;
    public final @Nullable Throttle throttle;
    public final @Nullable RateLimiter rateLimiter;
    public final long rateWaitNanos;
    public final @Nullable ConcurrencyLimiter concurrency;
    public final long concurrencyWaitNanos;
    final @Nullable Hedge hedge;

    private final String name;
    private final @Nullable Plan around;
    private @Nullable Failure open;
    private @Nullable Failure throttled;
    private @Nullable Failure crowded;

    /**
     * A plan.
     *
     * @param around that of the service that this is an operation of, or null: what an operation has in common with its
     *     service is one runtime for both
     * @param before the plan that this one replaces, or null
     */
    public Plan(FaultTolerance tolerance, @Nullable Plan around, @Nullable Plan before, RuntimeDependencies ground) {
        this.tolerance = tolerance;
        var known = new Known(tolerance, around, before);
        boolean basic = tolerance.level().includes(IsolationLevel.BASIC);
        boolean enhanced = tolerance.level().includes(IsolationLevel.ENHANCED);
        boolean full = tolerance.level().includes(IsolationLevel.FULL);
        var time = ground.time;
        name = ground.name;
        this.around = around;
        deadlineNanos = tolerance.deadline().toNanos();
        attemptNanos =
                tolerance.retry().retriesTimeouts() ? tolerance.attemptTimeout().toNanos() : Long.MAX_VALUE;
        mode = basic ? tolerance.timeoutMode() : TimeoutMode.COOPERATIVE;
        retry = basic ? retry(tolerance.retry(), known, ground) : null;
        var listener = ground.breaker;
        breaker = !enhanced || listener == null
                ? null
                : known.or(
                        p -> p.breaker,
                        FaultTolerance::breaker,
                        () -> new CircuitBreaker(tolerance.breaker(), time, ground.random, listener));
        throttle = full
                ? known.or(p -> p.throttle, FaultTolerance::throttle, () -> new Throttle(tolerance.throttle(), time))
                : null;
        rateLimiter = full
                ? tolerance
                        .rateLimit()
                        .map(policy -> known.or(
                                p -> p.rateLimiter, FaultTolerance::rateLimit, () -> new RateLimiter(policy, time)))
                        .orElse(null)
                : null;
        rateWaitNanos = tolerance.rateLimit().map(r -> r.waitMax().toNanos()).orElse(0L);
        concurrency = full ? concurrency(tolerance.concurrency(), known, time) : null;
        concurrencyWaitNanos = tolerance.concurrency().waitMax().toNanos();
        hedge = full
                ? tolerance
                        .hedge()
                        .map(policy -> known.orUnshared(
                                p -> p.hedge,
                                FaultTolerance::hedge,
                                () -> new Hedge(policy, ground.calls, ground.watchdog, time)))
                        .orElse(null)
                : null;
    }

    /**
     * A limiter follows a new policy, since the calls under way count against the new limit too. One that an operation
     * shares with its service follows the service's, so an operation that wants another gets one of its own.
     */
    private static ConcurrencyLimiter concurrency(ConcurrencyPolicy policy, Known known, Time time) {
        Plan around = known.around;
        if (around != null
                && around.concurrency != null
                && around.tolerance.concurrency().equals(policy)) {
            return around.concurrency;
        }
        Plan before = known.before;
        if (before == null || before.concurrency == null || before.shares(p -> p.concurrency)) {
            return new ConcurrencyLimiter(policy, time);
        }
        before.concurrency.change(policy);
        return before.concurrency;
    }

    // Refusals are many when they come, so each is made once, at the first. Two threads may both make it: it is the
    // same.

    Failure open() {
        Failure made = open;
        if (made == null) {
            made = Failure.refused(Code.UNAVAILABLE, "the circuit breaker of " + name + " is open");
            open = made;
        }
        return made;
    }

    public Failure throttled() {
        Failure made = throttled;
        if (made == null) {
            made = Failure.refused(
                    Code.RESOURCE_EXHAUSTED, name + " has been turning calls away, so this one was not sent");
            throttled = made;
        }
        return made;
    }

    public Failure crowded() {
        Failure made = crowded;
        if (made == null) {
            made = Failure.refused(
                    Code.RESOURCE_EXHAUSTED, "as many calls of " + name + " are under way as its limit allows");
            crowded = made;
        }
        return made;
    }

    private static Retry retry(RetryPolicy policy, Known known, RuntimeDependencies ground) {
        RetryBudget budget = known.orUnshared(
                Plan::budget,
                t -> List.of(t.retry().budget(), t.retry().budgetPerSecond()),
                () -> new RetryBudget(policy.budget(), policy.budgetPerSecond(), ground.calls, ground.time));
        return new Retry(policy, budget, ground.random);
    }

    private @Nullable RetryBudget budget() {
        return retry == null ? null : retry.budget();
    }

    /** Whether that runtime is the service's too. */
    private boolean shares(Function<Plan, @Nullable Object> runtime) {
        Object own = runtime.apply(this);
        return own != null && around != null && own.equals(runtime.apply(around));
    }

    /** The plans whose runtimes may live on. */
    private record Known(
            FaultTolerance tolerance,
            @Nullable Plan around,
            @Nullable Plan before) {
        /** The runtime that one of them has under the same policy, or a new one. */
        <R, P> R or(Function<Plan, @Nullable R> runtime, Function<FaultTolerance, P> policy, Supplier<R> anew) {
            for (Plan plan : new @Nullable Plan[] {around, before}) {
                R known = plan == null ? null : runtime.apply(plan);
                if (known != null && policy.apply(plan.tolerance).equals(policy.apply(tolerance))) {
                    return known;
                }
            }
            return anew.get();
        }

        /**
         * The same for a runtime that earns by calls: one that an operation shared with its service goes on earning by
         * all calls of the service, so the operation gets another where it leaves.
         */
        <R, P> R orUnshared(Function<Plan, @Nullable R> runtime, Function<FaultTolerance, P> policy, Supplier<R> anew) {
            boolean leaves = before != null && before.shares(runtime::apply);
            return new Known(tolerance, around, leaves ? null : before).or(runtime, policy, anew);
        }
    }
}
