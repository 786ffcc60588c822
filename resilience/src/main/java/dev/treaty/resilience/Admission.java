package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.execution.GuardDescription;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of limits: lets in as many calls of a service as it can do, and refuses the rest while that is
 * still cheap. What a server begins although it cannot finish in time costs as much as what it finishes, so that
 * without a limit it does more work under overload and gets less of it done.
 *
 * <p>A call passes the limit of its caller, then that of all callers, then the one on calls at once, where the more
 * important come first. Each refusal says {@code RESOURCE_EXHAUSTED} and that the call did not run, so that it may be
 * made elsewhere at once whatever it does; one over a rate also says after how long there is room again.
 *
 * <p>Priorities are claimed in a header, and claims are free. So a caller that has not proved who it is gets the
 * policy's {@link AdmissionPolicy#priorityMax() priorityMax} at most, and only what was granted travels on with the
 * calls that the handler makes: nobody's claim gains by passing through a server that is trusted further in. Rates
 * count for every priority alike.
 *
 * <p>Callers are told apart by name, as far as it goes: claimed names can be invented, but a flood of invented ones
 * shares one limit ({@link KeyedRateLimiter}), and a claimed name never spends what belongs to a proved one.
 */
public final class Admission implements Filter {
    /** Longer names of callers are told apart by that many characters at their beginning. */
    public static final int CALLER_LENGTH_MAX = 128;

    private final AdmissionPolicy policy;
    private final Time time;
    private final ServiceName service;
    private final @Nullable KeyedRateLimiter<Principal> callers;
    private final @Nullable RateLimiter rate;
    private final ConcurrencyLimiter concurrency;
    private final ServiceResponse<?> crowded;

    /** Lets in calls of that service. */
    public Admission(ServiceName service, AdmissionPolicy policy, Time time) {
        this.policy = policy;
        this.time = time;
        this.service = service;
        this.callers = policy.rateLimitPerCaller()
                .map(each -> new KeyedRateLimiter<Principal>(each, policy.callersMax(), time))
                .orElse(null);
        this.rate = policy.rateLimit().map(all -> new RateLimiter(all, time)).orElse(null);
        this.concurrency = new ConcurrencyLimiter(policy.concurrency(), time);
        this.crowded = ServiceResponse.failed(Fault.unreached(
                Code.RESOURCE_EXHAUSTED, "as many calls of " + service + " are under way here as its limit allows"));
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        CallContext context = call.context();
        long deadline = context.deadline().atNanos();
        long now = time.nanoTime();
        if (callers != null) {
            Principal caller = key(context.caller());
            long wait = callers.reserve(caller, 1, now, wait(callers.policy(), deadline - now));
            if (wait == KeyedRateLimiter.REFUSED) {
                return refused(
                        "this caller has reached its rate limit of " + service,
                        callers.retryAfterNanos(caller, 1, now));
            }
            now = after(wait, now);
        }
        if (rate != null) {
            long wait = rate.reserve(1, now, wait(rate.policy(), deadline - now));
            if (wait == RateLimiter.REFUSED) {
                return refused("the rate limit of " + service + " is reached", rate.retryAfterNanos(1, now));
            }
            now = after(wait, now);
        }
        Priority priority = granted(context);
        if (!concurrency.tryAcquire(priority)) {
            if (!concurrency.acquire(priority, now, deadline - now)) {
                return crowded;
            }
            now = time.nanoTime();
        }
        return admitted(call.with(context.priority(priority)), next, now);
    }

    private ServiceResponse<?> admitted(Call call, Handler next, long began) throws InterruptedException {
        ServiceResponse<?> response = null;
        try {
            response = next.handle(call);
            return response;
        } finally {
            if (concurrency.adaptive()) {
                long now = time.nanoTime();
                boolean late = call.context().deadline().atNanos() - now <= 0;
                concurrency.release(began, now, late || response == null || overloaded(response));
            } else {
                concurrency.release();
            }
        }
    }

    /** Whether the service itself could not keep up; other failures are answers like any other. */
    private static boolean overloaded(ServiceResponse<?> response) {
        return response instanceof ServiceResponse.Failed<?>(var fault, var _)
                && (fault.code() == Code.RESOURCE_EXHAUSTED || fault.code() == Code.DEADLINE_EXCEEDED);
    }

    private static Principal key(Principal caller) {
        String name = caller.name();
        return name.length() <= CALLER_LENGTH_MAX
                ? caller
                : new Principal(name.substring(0, CALLER_LENGTH_MAX), caller.authenticated());
    }

    private static long wait(RateLimitPolicy rate, long remaining) {
        return Math.max(0, Math.min(rate.waitMax().toNanos(), remaining));
    }

    private long after(long wait, long now) throws InterruptedException {
        if (wait == 0) {
            return now;
        }
        time.sleep(wait);
        return time.nanoTime();
    }

    private Priority granted(CallContext context) {
        Priority claimed = context.priority();
        Priority most = policy.priorityMax();
        return claimed.compareTo(most) >= 0 || context.caller().authenticated() ? claimed : most;
    }

    private static ServiceResponse<?> refused(String message, long retryAfterNanos) {
        return ServiceResponse.failed(
                Fault.unreached(Code.RESOURCE_EXHAUSTED, message).retryAfter(Duration.ofNanos(retryAfterNanos)));
    }

    /** How many calls are under way, how many wait, and how many may be. */
    public ConcurrencyLimiter.Snapshot concurrency() {
        return concurrency.snapshot();
    }

    /** The limits in the order in which a call passes them. */
    public String describe() {
        return String.join(
                System.lineSeparator(),
                List.of(
                        line(
                                "each caller",
                                policy.rateLimitPerCaller()
                                        .map(GuardDescription::rate)
                                        .orElse("no rate limit")),
                        line(
                                "all callers",
                                policy.rateLimit().map(GuardDescription::rate).orElse("no rate limit")),
                        line("concurrency", GuardDescription.concurrency(policy.concurrency())),
                        line(
                                "priority",
                                "up to " + policy.priorityMax().wire() + " for who has not proved who it is")));
    }

    private static String line(String limit, String what) {
        return "%-12s %s".formatted(limit, what);
    }
}
