package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Gate;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.execution.GuardDescription;
import dev.treaty.resilience.limit.AbandonedCalls;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Limits the calls that a server accepts for a service, by rate and by the number in flight, and rejects the others
 * before any work is done. A call that a server starts but cannot finish in time costs as much as a call that it
 * finishes, so without a limit an overloaded server works more and completes less.
 *
 * <p>A call passes the rate limit of its caller, then that of all callers, then the concurrency limit, which prefers
 * calls of higher priority. Each refusal has the code {@code RESOURCE_EXHAUSTED} and is marked as not run, so that the
 * call may be made elsewhere at once; the refusal of a rate limit also contains the time until there is a permit.
 *
 * <p>An admitted call goes to the end of the queue for a processor, behind the calls that arrived meanwhile: so these
 * are admitted or refused at once, however long handlers keep the processors busy, and the queue becomes visible as
 * admitted calls that take long. A call is not begun if its deadline passed in that queue, or if the limit fell
 * meanwhile and more calls are admitted than it allows.
 *
 * <p>A call that is canceled, at its deadline or because the client left, ends at once: it gives its permit back
 * although its handler may run on. Once so many handlers of an operation do as may, further calls of it are refused;
 * those that have begun before can still add to them.
 *
 * <p>A priority is claimed in a header, and claims are free. So an unauthenticated caller gets at most the policy's
 * {@link AdmissionPolicy#priorityMax() priorityMax}, and only the granted priority is passed on to the calls that the
 * handler makes: a claim gains nothing by passing through a trusted server. Rate limits ignore priorities.
 *
 * <p>Callers are distinguished by name: names can be invented, but a flood of invented names shares one limit ({@link
 * KeyedRateLimiter}), and an unauthenticated name never uses the permits of the authenticated one.
 */
public final class Admission implements Filter, Gate {
    /** The number of characters by which longer names of callers are distinguished. */
    public static final int CALLER_LENGTH_MAX = 128;

    private final Time time;
    private final ServiceName service;
    private final ConcurrencyLimiter concurrency;
    private volatile InForce inForce;
    private final AbandonedCalls abandoned = new AbandonedCalls();
    private volatile Runnable onAbandoned = () -> {};
    private final Fault atLimit;
    private final ServiceResponse<?> saturated;
    private final ServiceResponse<?> tooLate;

    /** What is in force until the next change, with the rates measured so far; a call reads it once. */
    private record InForce(
            AdmissionPolicy policy,
            @Nullable KeyedRateLimiter<Principal> callers,
            @Nullable RateLimiter rate,
            @Nullable Object attachment) {}

    public Admission(ServiceName service, AdmissionPolicy policy, Time time) {
        this(service, policy, null, time);
    }

    /**
     * Limits with something for the steps after them.
     *
     * @param attachment recorded in the {@link dev.treaty.core.call.DecisionRecord} of each admitted call
     */
    public Admission(ServiceName service, AdmissionPolicy policy, @Nullable Object attachment, Time time) {
        this.time = time;
        this.service = service;
        this.inForce = new InForce(policy, callers(policy, time), rate(policy, time), attachment);
        this.concurrency = new ConcurrencyLimiter(policy.concurrency(), time);
        this.atLimit = Fault.unreached(
                Code.RESOURCE_EXHAUSTED, "the server's concurrency limit of " + service + " is reached");
        this.saturated = ServiceResponse.failed(atLimit);
        this.tooLate = ServiceResponse.failed(Fault.unreached(
                Code.DEADLINE_EXCEEDED, "the deadline passed before a call of " + service + " could begin"));
    }

    private static @Nullable KeyedRateLimiter<Principal> callers(AdmissionPolicy policy, Time time) {
        return policy.rateLimitPerCaller()
                .map(each -> new KeyedRateLimiter<Principal>(each, policy.callersMax(), time))
                .orElse(null);
    }

    private static @Nullable RateLimiter rate(AdmissionPolicy policy, Time time) {
        return policy.rateLimit().map(all -> new RateLimiter(all, time)).orElse(null);
    }

    /**
     * Changes the limits from the next call on. Rates whose limit stays the same go on; calls that run keep their
     * permits and count against the new limit.
     *
     * @param attachment recorded in the {@link dev.treaty.core.call.DecisionRecord} of each admitted call
     */
    public synchronized void reconfigure(AdmissionPolicy changed, @Nullable Object attachment) {
        InForce before = inForce;
        AdmissionPolicy old = before.policy;
        boolean sameCallers = changed.rateLimitPerCaller().equals(old.rateLimitPerCaller())
                && changed.callersMax() == old.callersMax();
        boolean sameRate = changed.rateLimit().equals(old.rateLimit());
        inForce = new InForce(
                changed,
                sameCallers ? before.callers : callers(changed, time),
                sameRate ? before.rate : rate(changed, time),
                attachment);
        if (!changed.concurrency().equals(old.concurrency())) {
            concurrency.change(changed.concurrency());
        }
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // the yield lets calls that wait for a processor end first
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        InForce limits = inForce;
        KeyedRateLimiter<Principal> callers = limits.callers;
        RateLimiter rate = limits.rate;
        CallContext context = call.context();
        context.record().settings(limits.attachment);
        long deadline = context.deadline().atNanos();
        long now = time.nanoTime();
        if (callers != null) {
            Principal caller = key(context.caller());
            long wait = callers.reserve(caller, 1, now, waitMax(callers.policy(), deadline - now));
            if (wait == KeyedRateLimiter.REFUSED) {
                return refused("the caller's rate limit of ", callers.retryAfterNanos(caller, 1, now));
            }
            now = after(wait, now);
        }
        if (rate != null) {
            long wait = rate.reserve(1, now, waitMax(rate.policy(), deadline - now));
            if (wait == RateLimiter.REFUSED) {
                return refused("the rate limit of ", rate.retryAfterNanos(1, now));
            }
            now = after(wait, now);
        }
        Priority priority = granted(context, limits.policy.priorityMax());
        if (!concurrency.tryAcquire(priority)) {
            if (!concurrency.acquire(priority, now, deadline - now)) {
                return saturated;
            }
            now = time.nanoTime();
        }
        ServiceResponse<?> response = null;
        Cancellation.Registration early = null;
        boolean held = true;
        long admitted = now;
        try {
            letOthersBeAdmitted();
            if (concurrency.revoke()) {
                held = false;
                return saturated;
            }
            if (abandoned.of(call) >= limits.policy.abandonedMax()) {
                response = ServiceResponse.failed(Fault.unreached(
                        Code.RESOURCE_EXHAUSTED,
                        "handlers of " + call.path() + " run on after their calls have ended, and no more may"));
                return response;
            }
            early = context.cancellation().onCancel(fault -> abandon(call, fault, admitted));
            response = deadline - time.nanoTime() <= 0 ? tooLate : next.handle(call.with(context.priority(priority)));
            return response;
        } finally {
            if (early == null ? held : early.remove()) {
                release(call, response, admitted, deadline);
            } else if (early != null && abandoned.ended(call) == 0) {
                onAbandoned.run();
            }
        }
    }

    /** Ends an admitted call that is canceled while its handler runs. */
    private void abandon(Call call, Fault reason, long start) {
        int runOn = abandoned.began(call); // first, so that the call that gets the permit is refused if it must be
        release(
                call,
                ServiceResponse.failed(reason),
                start,
                call.context().deadline().atNanos());
        if (runOn == 1) {
            onAbandoned.run();
        }
    }

    /** Goes to the end of the queue for a processor, which has no effect if no other thread waits for one. */
    @SuppressWarnings("ThreadPriorityCheck")
    private static void letOthersBeAdmitted() {
        Thread.yield();
    }

    /** Ends an admitted call; one that another service refused says nothing about this one. */
    private void release(Call call, @Nullable ServiceResponse<?> response, long start, long deadline) {
        Code code = response instanceof ServiceResponse.Failed<?>(var fault, var _, var _) ? fault.code() : null;
        if (!concurrency.adaptive() || code == Code.RESOURCE_EXHAUSTED || code == Code.UNAVAILABLE) {
            concurrency.release();
            return;
        }
        long now = time.nanoTime();
        concurrency.release(
                call.operation().name(),
                start,
                now,
                call.context().record().idleNanos(now),
                code == Code.DEADLINE_EXCEEDED || deadline - now <= 0);
    }

    private static Principal key(Principal caller) {
        String name = caller.name();
        boolean plain = caller.roles().isEmpty() && caller.claims().isEmpty();
        return plain && name.length() <= CALLER_LENGTH_MAX
                ? caller
                : Principal.proven(name.substring(0, Math.min(name.length(), CALLER_LENGTH_MAX)), caller.proof());
    }

    private static long waitMax(RateLimitPolicy rate, long remaining) {
        return Math.max(0, Math.min(rate.waitMax().toNanos(), remaining));
    }

    private long after(long wait, long now) throws InterruptedException {
        if (wait == 0) {
            return now;
        }
        time.sleep(wait);
        return time.nanoTime();
    }

    private static Priority granted(CallContext context, Priority most) {
        Priority claimed = context.priority();
        return claimed.compareTo(most) >= 0 || context.caller().authenticated() ? claimed : most;
    }

    private ServiceResponse<?> refused(String limit, long retryAfterNanos) {
        return ServiceResponse.failed(refusal(limit, retryAfterNanos));
    }

    private Fault refusal(String limit, long retryAfterNanos) {
        return Fault.unreached(Code.RESOURCE_EXHAUSTED, limit + service + " is reached")
                .retryAfter(Duration.ofNanos(retryAfterNanos));
    }

    /** The refusal if the rate of all callers or the concurrency has reached its limit, and no call may wait. */
    @Override
    public @Nullable Fault refuseAll() {
        RateLimiter rate = inForce.rate;
        if (rate != null) {
            long wait = rate.retryAfterNanos(1, time.nanoTime());
            if (wait > rate.policy().waitMax().toNanos()) {
                return refusal("the rate limit of ", wait);
            }
        }
        return concurrency.full() ? atLimit : null;
    }

    /** The refusal if the caller's rate has reached its limit. */
    @Override
    public @Nullable Fault refuse(Principal caller) {
        KeyedRateLimiter<Principal> callers = inForce.callers;
        if (callers == null) {
            return null;
        }
        long wait = callers.retryAfterNanos(key(caller), 1, time.nanoTime());
        return wait > callers.policy().waitMax().toNanos() ? refusal("the caller's rate limit of ", wait) : null;
    }

    /** Returns the state of the concurrency limit. */
    public ConcurrencyLimiter.Snapshot concurrency() {
        return concurrency.snapshot();
    }

    /** Returns the operations of which handlers run on after their calls have ended, with their numbers. */
    public Map<String, Integer> abandoned() {
        return abandoned.all();
    }

    /** Sets what is done when the first handler of an operation runs on after its call, and when the last has ended. */
    public void onAbandoned(Runnable action) {
        onAbandoned = action;
    }

    /** Describes the limits in the order in which a call passes them. */
    public String describe() {
        AdmissionPolicy policy = inForce.policy;
        return String.join(
                System.lineSeparator(),
                "each caller  " + rate(policy.rateLimitPerCaller()),
                "all callers  " + rate(policy.rateLimit()),
                "concurrency  " + GuardDescription.concurrency(policy.concurrency()),
                "abandoned    up to " + policy.abandonedMax() + " handlers of an operation run on after their calls",
                "priority     up to " + policy.priorityMax().wire() + " for unauthenticated callers");
    }

    private static String rate(Optional<RateLimitPolicy> limit) {
        return limit.map(GuardDescription::rate).orElse("no rate limit");
    }
}
